"""Files of other tools as they lie on the disk: protocol buffers, and event files made of them."""
