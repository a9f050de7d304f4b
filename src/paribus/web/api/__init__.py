"""What the page asks for, as JSON: one module for each subject."""
