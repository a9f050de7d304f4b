"""Trainings that are commands: what is called, what is kept of it, and where its figures stand."""
