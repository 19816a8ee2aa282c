"""Mattes: where a fix may touch the plate and how strongly, frame by frame.

Drawn mattes (`drawn`), boxes and points (`marks`) that are followed through the shot (`track`),
a second matte held out of the first, growth and shrinking (`opened`, `growth`, `shapes`); what was drawn
over a frame in a review player (`drawing`).
"""

from .growth import Growths
from .marks import Boxes, Dots
from .opened import FULL, Mattes, MatteWishes, check_frame, open_mattes
from .shapes import grown

__all__ = ["FULL", "Boxes", "Dots", "Growths", "MatteWishes", "Mattes", "check_frame", "grown", "open_mattes"]
