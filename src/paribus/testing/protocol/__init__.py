"""Runs that break what they claim, each on purpose in one way, and runs that keep it: what a lint is graded by."""
