"""The recipes that ship: ``FAMILY/NAME.yaml`` is called ``FAMILY/NAME``."""
