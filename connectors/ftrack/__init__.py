"""ftrack Studio through the vendor's own client, `ftrack-python-api` (the extra `ftrack`)."""

from .tracker import Ftrack

__all__ = ["Ftrack"]
