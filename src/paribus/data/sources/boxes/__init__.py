"""Sources of pictures with boxes, or with what is written in them."""
