"""The status page: read-only, one page, live."""

from .server import Pages

__all__ = ["Pages"]
