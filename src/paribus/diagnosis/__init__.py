"""What is wrong with a training, from its records alone: findings with evidence and a treatment of one change."""
