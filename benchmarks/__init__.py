"""Speed and memory as ratios taken in one run: this machine against itself, a minute ago."""
