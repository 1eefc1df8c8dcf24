"""``python -m deviator.cli``."""

from . import main

main()
