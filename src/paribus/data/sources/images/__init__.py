"""Pictures with one class each."""
