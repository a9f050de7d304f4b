"""Tasks in time: forecasts, the next token of a text, a label for every token."""
