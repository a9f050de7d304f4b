"""Trained networks as files that need no paribus."""
