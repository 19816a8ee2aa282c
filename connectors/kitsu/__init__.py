"""Kitsu through CGWire's own client, `gazu`, to its server, Zou."""

from .tracker import Kitsu

__all__ = ["Kitsu"]
