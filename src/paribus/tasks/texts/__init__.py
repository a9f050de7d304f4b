"""What is written in pictures."""
