"""Reports of fixes: `report.json`, and `report.html`, the same as a page for people."""

from .curves import Curve, drawn_curves
from .page import embedded, write_page
from .words import digest, files_words, versions, write_report

__all__ = ["Curve", "digest", "drawn_curves", "embedded", "files_words", "versions", "write_page", "write_report"]
