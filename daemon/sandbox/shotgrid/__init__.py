"""A small server that speaks ShotGrid's API3 to the unmodified `shotgun_api3` client."""

from .server import Sandbox

__all__ = ["Sandbox"]
