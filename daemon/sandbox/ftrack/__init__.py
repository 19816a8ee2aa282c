"""A practice tracker that speaks ftrack's API: operations, query language, components and the event hub."""

from .server import FtrackSandbox

__all__ = ["FtrackSandbox"]
