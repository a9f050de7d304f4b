"""Contract suites: what every member of a family must do, to be applied to a new one in one line."""
