"""Every claim of speed, memory and accuracy for time, as a benchmark that anyone can run.

``python -m benchmarks --help`` says how. A benchmark is a module with the parts that
`benchmarks.registry.Benchmark` lists: it measures into a JSON document, and tables and a figure are
made from that document alone.
"""
