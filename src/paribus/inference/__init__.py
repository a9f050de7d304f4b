"""A trained run at work: predictions, samples, the held-out test. Nothing here trains."""
