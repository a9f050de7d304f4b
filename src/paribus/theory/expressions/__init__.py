"""Expressions of scalars, vectors and matrices: read, checked, rewritten, evaluated and printed."""
