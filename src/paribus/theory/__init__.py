"""The mathematics of deep learning, derived and verified: nothing is shown that was not checked."""
