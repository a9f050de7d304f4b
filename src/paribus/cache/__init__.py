"""Files that come from elsewhere and stay: where they lie, downloads, archives, locks. Data and weights use it."""
