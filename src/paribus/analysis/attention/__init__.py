"""Where a network looks: maps over pictures that say what speaks for a class, and tests that such maps must pass."""
