"""The error of an executor that is gone."""

from deviator.errors import DeviatorError


class ExecutorLostError(DeviatorError, RuntimeError):
    """An executor lost its workers, and takes no more tasks."""
