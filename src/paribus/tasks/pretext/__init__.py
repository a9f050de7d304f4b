"""Learning without labels: puzzles whose answers the pictures hold themselves, and labels beside them."""
