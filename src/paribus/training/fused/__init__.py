"""Several trainings of one graph, whose steps are taken together."""
