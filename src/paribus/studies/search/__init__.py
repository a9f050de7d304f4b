"""Search: which values of some fields do best, found by trials, confirmed on fresh seeds."""
