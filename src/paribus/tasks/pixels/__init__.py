"""Tasks whose prediction is a picture: a class or a clean value for every pixel."""
