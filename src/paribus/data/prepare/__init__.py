"""From a source to the data of a run: decoded cache, scan, split."""
