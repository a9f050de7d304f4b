"""Chaos: commands that are killed, damaged and starved at random, and must end with the same result all the same.

``python -m paribus.testing.chaos --minutes 3`` · ``scenarios`` what is run · ``disturbances`` what goes wrong ·
``commands`` real processes, and a trap at any of their file operations · ``judge`` whether anything was lost ·
``rounds`` one round after another.
"""
