"""Where a network with classes errs: figures of classes, ranks, calibration, cuts by cost, suspected labels."""
