"""Reading the inventory in: a dry run that names every bad cell, then all rows or none."""

from .faults import Fault
from .runs import Checked, TooLate, carry_out, check

__all__ = ["Checked", "Fault", "TooLate", "carry_out", "check"]
