"""Pairs of sequences: what is read, and what is to be written."""
