"""Objects in pictures: boxes, how well they are found, and where they are learned."""
