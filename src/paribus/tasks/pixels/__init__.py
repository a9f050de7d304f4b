"""Tasks whose answer is a picture: a class or a clean value for every pixel."""
