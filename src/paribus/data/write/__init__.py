"""How a source hands over its examples."""
