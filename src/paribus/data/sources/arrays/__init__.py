"""Sources of arrays: what is in memory already, and NumPy files."""
