"""Whether a run, or a study, is what its recipe claims: each claim against hashes and records that were kept."""
