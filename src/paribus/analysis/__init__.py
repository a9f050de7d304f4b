"""Insight into trained models: (model, data) → result. Nothing here trains."""
