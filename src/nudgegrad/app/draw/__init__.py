"""What the tab *Draw* is made of.

- ``pictures``: from a drawing, a file or the test set to what a network is given, and its answer.
- ``elements``: the canvas, the bars and the chooser of a file, each with its JavaScript beside it.
"""
