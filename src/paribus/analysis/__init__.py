"""Insight into trained models: (a run, options) → a frozen record, all of them in one table. Nothing here trains."""
