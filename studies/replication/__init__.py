"""The paper, machine-checked: every numbered result as a statement that can fail."""

from .statement import Finding, Row, Statement

__all__ = ["Finding", "Row", "Statement"]
