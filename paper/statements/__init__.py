"""The statements of the paper, a file for each topic."""
