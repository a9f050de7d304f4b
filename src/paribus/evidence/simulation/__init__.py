"""Does the evidence keep its promises? ``python -m paribus.evidence.simulation`` prints simulated rates."""

from paribus.evidence.simulation.rates import alarm, coverage, differences, false_alarms, null_studies, unpaired
from paribus.evidence.simulation.worlds import NOISES, Noise

__all__ = ["NOISES", "Noise", "alarm", "coverage", "differences", "false_alarms", "null_studies", "unpaired"]
