"""Pictures with masks, and pictures to be cleaned."""
