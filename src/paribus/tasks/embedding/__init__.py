"""Metric learning: points such that what is of one class lies near each other, also of classes never seen before."""
