"""Text: a long row of tokens, read from its beginning to its end."""
