"""Load tests: how fast, as ratios within one run."""
