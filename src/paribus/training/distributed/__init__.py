"""One training on several processes: shares of batches, sums of gradients, and who does what."""
