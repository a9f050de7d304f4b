"""Tasks that learn to make new examples: autoencoders and adversarial networks."""
