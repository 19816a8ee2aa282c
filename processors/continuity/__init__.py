"""The continuity check."""

from .processor import Continuity

__all__ = ["Continuity"]
