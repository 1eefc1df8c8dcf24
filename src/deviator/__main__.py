"""``python -m deviator``: the command line where its script is not on the path."""

from deviator.cli import main

if __name__ == "__main__":
    main()
