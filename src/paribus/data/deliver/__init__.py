"""From prepared data to batches on the device."""
