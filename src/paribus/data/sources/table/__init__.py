"""Sources of tables: rows of numbers and categories."""
