"""Pictures in and out: plates at native depth, colour by tags, masters, review movies, contact sheets."""

from .colour import Encoding
from .layout import Channel, Layout
from .plate import Picture, Plate

__all__ = ["Channel", "Encoding", "Layout", "Picture", "Plate"]
