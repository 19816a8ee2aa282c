"""Removal: what stands in a matte goes, and what was behind it comes back from the show's own footage."""

from .processor import Remove

__all__ = ["Remove"]
