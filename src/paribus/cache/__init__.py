"""Downloaded files: where they are kept, checksums, archives, locks. Data and weights use it."""
