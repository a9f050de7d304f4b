"""What a derivation is, and how it is written: text, LaTeX, data, code that runs."""
