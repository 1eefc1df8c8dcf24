"""Command lines as pages show them, for tests that read or run them."""

import shlex


def words_of(line):
    """Return the words of a line that the command itself reads: no program, nothing of the shell."""
    program, *words = shlex.split(line.partition(" > ")[0])
    assert program == "deviator"
    return words
