"""Evidence from numbers: tables of figures that others measured → arms × seeds."""
