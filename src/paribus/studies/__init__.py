"""Studies: many runs, one question. Design, executors, analysis."""
