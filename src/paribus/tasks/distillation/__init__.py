"""Learning from another network: its answers, and what goes on inside it."""
