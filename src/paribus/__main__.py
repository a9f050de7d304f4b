"""``python -m paribus``: the command line."""

from paribus.cli import main

if __name__ == "__main__":
    main()
