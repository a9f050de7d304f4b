"""Models that are fitted at once, without gradients: baselines that a network has to beat."""
