"""The picture of what the matte misses: what was found beside it, a few frames in a row."""

from __future__ import annotations

import cv2
import numpy as np

from ....schema.finding import Evidence
from ...pictures.layout import Image
from ...pictures.review import write_picture
from ...pictures.sheets import Row, contact_sheet, overlay, spread
from ..effects.kinds import Kind
from ..shot import Shot

_FRAMES = 5
_INK = {
    Kind.EDGE: (1.0, 0.3, 1.0),
    Kind.SHADOW: (0.2, 0.5, 1.0),
    Kind.REFLECTION: (0.3, 1.0, 0.4),
    Kind.PART: (1.0, 1.0, 1.0),
}
_NAMES = "soft edge pink, shadow blue, reflection green, a part of it white; the matte red"


def write_effects(shot: Shot) -> tuple[Evidence, ...]:
    """`effects.png` in the out folder; nothing where nothing was found."""
    effects = shot.effects
    if effects is None or not effects.kinds:
        return ()
    shown = [frame for frame in effects.frames if effects.small(frame).any()]
    chosen = spread(shown, _FRAMES)
    plain, marked = [], []
    for frame in chosen:
        kinds = effects.small(frame)
        size = kinds.shape[::-1]
        image = np.asarray(cv2.resize(shot.rgb(frame), size, interpolation=cv2.INTER_AREA), np.float32)
        matte = cv2.resize(shot.mattes.at(frame).astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0
        plain.append(image)
        marked.append(_tinted(overlay(image, np.asarray(matte)), kinds))
    path = shot.request.out / "effects.png"
    first = shot.request.first_frame
    rows = [Row("plate", tuple(plain), shot.request.plate.name), Row("beside the matte", tuple(marked), _NAMES)]
    title = f"{shot.request.plate.name}: what the matte misses"
    write_picture(path, contact_sheet(title, [str(frame + first) for frame in chosen], rows))
    words = " and ".join(kind.words for kind in effects.kinds)
    return (Evidence(path=path, caption=f"beside the matte: {words}"),)


def _tinted(image: Image, kinds: np.ndarray) -> Image:
    out = image.copy()
    for kind, ink in _INK.items():
        out[kinds == kind] = 0.4 * out[kinds == kind] + 0.6 * np.array(ink, np.float32)
    return out
