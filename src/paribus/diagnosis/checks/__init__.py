"""What is asked of every training: one file for each subject, one line for each question."""
