"""What is written beside an exported network, as plain modules: ``load.py`` is made of these texts."""
