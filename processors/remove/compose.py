"""Laying a fill into the plate, in the plate's own code values and only inside the effective matte."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..identity import inside_planes, largest
from ..pictures import Picture
from ..pictures.layout import Image, Mask, Plane
from .holes import Region


def compose(plate: Picture, fill: Image, region: Region, matte: Mask, strength: NDArray[np.float32]) -> Picture:
    """The plate with *fill* (display-referred RGB over *region*) inside *matte*.

    *strength* (HxW, 0..1) mixes in code values; a chroma sample's is the largest of its pixels', or a
    rim of the removed thing's colour would stay.
    Samples outside are the plate's own array elements, never recomputed. Alpha and further
    channels stay as they are.
    """
    encoding = plate.encoding
    fills = encoding.planes(fill)
    inside = inside_planes(matte, encoding.layout)
    out: list[Plane] = []
    for plane, new, mask, channel in zip(plate.planes, fills, inside, encoding.layout.channels, strict=True):
        if not new.size:
            out.append(plane)
            continue
        window = (
            slice(region.y >> channel.y, (region.y >> channel.y) + new.shape[0]),
            slice(region.x >> channel.x, (region.x >> channel.x) + new.shape[1]),
        )
        spots = mask[window]
        share = largest(strength[region.window], channel.x, channel.y)[spots]
        old = plane[window][spots]
        under = old.astype(np.float32)
        # Infinity or NaN in the plate would stay whatever is laid over it.
        under = np.where(np.isfinite(under), under, new[spots])
        mixed = under * (1 - share) + new[spots] * share
        copy = plane.copy()
        patch = copy[window]
        patch[spots] = np.where(share > 0, encoding.settle(np.asarray(mixed, np.float32)), old)
        out.append(copy)
    return Picture(plate.frame, tuple(out), encoding, plate.overscan)
