"""Who takes part in the benchmark of training steps: one file a contender."""
