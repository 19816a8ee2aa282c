"""Matching a shot's grade to a reference."""

from .processor import MatchGrade

__all__ = ["MatchGrade"]
