"""Mutants: mechanisms with a planted fault of a stated size, to test what notices it."""

from .cleared import Cleared
from .faults import FAULTS, FaultKind, PlantedFault, Violated, faults_for
from .mutated import Fault, LineMutant, Mutated, OutcomeMutant, RationedClearing

__all__ = [
    "FAULTS",
    "Cleared",
    "Fault",
    "FaultKind",
    "LineMutant",
    "Mutated",
    "OutcomeMutant",
    "PlantedFault",
    "RationedClearing",
    "Violated",
    "faults_for",
]
