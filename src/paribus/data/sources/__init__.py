"""Sources of examples, by kind: one file each."""
