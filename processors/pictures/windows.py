"""The two windows of an OpenEXR file: what it holds (data) and what is the picture (display).

A picture is always its display window. Where the data window ends earlier the samples are zero, as
a compositor sees them; what lies beyond the display window (overscan) is kept beside the picture
and goes back into the master as it was. Only OpenEXR says so reliably: other formats' offsets are
often left over from a scanner.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import OpenImageIO as oiio  # noqa: N813 - the library's own documentation imports it so

from .layout import Mask, Plane


@dataclass(frozen=True)
class Windows:
    """Left, top, width and height of both windows, in the file's own coordinates."""

    data: tuple[int, int, int, int]
    display: tuple[int, int, int, int]

    @classmethod
    def of(cls, spec: oiio.ImageSpec, *, exr: bool) -> Windows:
        """A file's windows; one and the same where it is no OpenEXR."""
        data = (spec.x, spec.y, spec.width, spec.height)
        return cls(data, (spec.full_x, spec.full_y, spec.full_width, spec.full_height) if exr else data)

    @property
    def differ(self) -> bool:
        """Whether the file holds something else than just its picture."""
        return self.data != self.display

    def picture(self, pixels: Plane) -> Plane:
        """The display window of *pixels* (data rows, columns, channels); zero where there are no data."""
        _, _, width, height = self.display
        shown = np.zeros((height, width, pixels.shape[2]), pixels.dtype)
        there, here = self._common()
        shown[there] = pixels[here]
        return shown

    def overscan(self, pixels: Plane) -> Plane:
        """The samples of *pixels* beyond the display window: (count, channels), row by row."""
        return np.asarray(pixels[self._beyond(pixels)])

    def back(self, pixels: Plane, picture: Plane) -> Plane:
        """*pixels* with the part that the display window shows taken from *picture*."""
        there, here = self._common()
        out = pixels.copy()
        out[here] = picture[there]
        return out

    def _common(self) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
        """What both windows share, in rows and columns of the picture and of the data."""
        (x, y, wide, high), (left, top, width, height) = self.data, self.display
        x0, y0 = max(x, left), max(y, top)
        x1, y1 = max(min(x + wide, left + width), x0), max(min(y + high, top + height), y0)
        return (
            (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left)),
            (slice(y0 - y, y1 - y), slice(x0 - x, x1 - x)),
        )

    def _beyond(self, pixels: Plane) -> Mask:
        beyond = np.ones(pixels.shape[:2], bool)
        beyond[self._common()[1]] = False
        return beyond
