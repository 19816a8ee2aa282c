"""The one module that reads and writes the database."""

from .database import Database

__all__ = ["Database"]
