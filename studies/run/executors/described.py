"""Errors as causes of failures."""

from deviator.errors import DeviatorError
from deviator.harmless import one_line


def described(error: Exception) -> str:
    """Return an error as one line."""
    text = one_line(str(error))
    return text if isinstance(error, DeviatorError) else f"{type(error).__name__}: {text}"
