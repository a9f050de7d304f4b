"""Records: frozen data about recipes, runs, studies and results, and the files that hold them. No torch."""
