"""What is recorded of a training while it runs, so that what is wrong with it can be told: ``signals.jsonl``."""
