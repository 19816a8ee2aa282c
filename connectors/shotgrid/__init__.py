"""ShotGrid (Flow Production Tracking) through the vendor's own client, `shotgun_api3`."""

from .tracker import ShotGrid

__all__ = ["ShotGrid"]
