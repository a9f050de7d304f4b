"""How often the doctor is right: faults are planted in sound trainings, and sound trainings are shown to it as well.

``python -m paribus.diagnosis.grading`` trains both, asks the doctor about each, and writes the table with intervals.
"""
