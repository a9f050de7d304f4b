"""Pictures with a class for every pixel."""
