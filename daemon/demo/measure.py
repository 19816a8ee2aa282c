"""Measures a fix where the truth is known, with a decoder and figures of its own.

Errors are PSNR in dB on 8-bit luma inside the mattes, after a sigma-1.5 low-pass on both sides
(fresh grain must not count as error). Beside it stand the two figures that a blur cannot fake:
edges, the fill's gradient energy over the truth's, and grain, its high-pass deviation in flat
picture over the truth's. 1.0 means as much as the truth has.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from . import decoder

Grey = NDArray[np.float32]
Mask = NDArray[np.bool_]

_LOW_PASS = 1.5
_SIDE = 72
_FIRST, _LAST = 40, 47
"""Plate frames (from 0) on which the known-truth mattes stand."""


@dataclass(frozen=True)
class Figures:
    """One measurement: error in dB, edge ratio, grain ratio (None where the truth has no flat picture)."""

    psnr_db: float
    edges: float
    grain: float | None


def shot_frames(first_frame: int) -> str:
    """The frames on which the mattes stand, as a brief says it."""
    return f"{first_frame + _FIRST}-{first_frame + _LAST}"


def write_truth_mattes(effective: Path, plate: Path, folder: Path) -> int:
    """Write small mattes over still background of the plate, well away from the fix; how many places.

    One PNG a plate frame; white discs of 72 px on the measured frames. Places are the most
    textured ones whose picture moves least, so that the truth is worth filling and is known.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = sorted(effective.glob("*.png"))
    touched = np.zeros_like(decoder.matte_of(names[0]), dtype=bool)
    for name in names[:: max(1, len(names) // 12)]:
        touched |= decoder.matte_of(name) > 0
    height, width = touched.shape
    seen = [planes[0].astype(np.float32) for planes in decoder.frames(plate, width, height)][_FIRST : _LAST + 40 : 4]
    places = _places(touched, np.stack(seen))
    blank = np.zeros((height, width), np.uint8)
    discs = blank.copy()
    for x, y in places:
        cv2.circle(discs, (x, y), _SIDE // 2, 255, -1)
    for frame in range(len(names)):
        _write(folder / f"matte.{frame:04d}.png", discs if _FIRST <= frame <= _LAST else blank)
    return len(places)


def _places(touched: Mask, seen: Grey, wanted: int = 6) -> list[tuple[int, int]]:
    height, width = touched.shape
    far = cv2.dilate(touched.astype(np.uint8), np.ones((121, 121), np.uint8)) > 0
    moves = cv2.blur(seen.std(axis=0), (_SIDE, _SIDE))
    texture = cv2.blur(np.abs(cv2.Laplacian(seen[0], cv2.CV_32F)), (_SIDE, _SIDE))
    score = texture / (1.0 + moves**2)
    score[far] = 0
    border = _SIDE
    score[:border], score[-border:], score[:, :border], score[:, -border:] = 0, 0, 0, 0
    places: list[tuple[int, int]] = []
    while len(places) < wanted and score.max() > 0:
        y, x = np.unravel_index(int(score.argmax()), (height, width))
        places.append((int(x), int(y)))
        cv2.circle(score, places[-1], 2 * _SIDE, 0.0, -1)
    return places


def known_truth(plate: Path, filled: Path, mattes: Path) -> Figures:
    """The fill of the known-truth mattes against the plate that was there."""
    names = sorted(mattes.glob("*.png"))
    height, width = decoder.matte_of(names[0]).shape
    pairs = []
    both = zip(decoder.frames(plate, width, height), decoder.frames(filled, width, height), strict=True)
    for frame, (truth, fill) in enumerate(both):
        if _FIRST <= frame <= _LAST:
            inside = decoder.matte_of(names[frame]) > 0
            pairs.append((truth[0].astype(np.float32), fill[0].astype(np.float32), inside))
    return _figures(pairs)


def against_take(master: Path, effective: Path, take: Path, size: tuple[int, int], offset: int) -> Figures:
    """The filled region against the other take, laid over and graded by the background alone.

    *size* is the take's (width, height); take frame n + *offset* shows what plate frame n shows.
    The two takes differ in grade and compression, so this is a check of what is there, not of how exact.
    """
    names = sorted(effective.glob("*.png"))
    height, width = decoder.matte_of(names[0]).shape
    step = max(1, len(names) // 10)
    wanted = {frame for frame in range(0, len(names), step) if 0 <= frame + offset < len(names)}
    ours = _pick(decoder.frames(master, width, height), wanted)
    theirs = _pick(decoder.frames(take, *size), {frame + offset for frame in wanted})
    pairs = []
    for frame in sorted(ours):
        if frame + offset not in theirs:
            continue
        inside = decoder.matte_of(names[frame]) > 0
        laid = _lay_over(theirs[frame + offset], ours[frame], inside)
        if laid is not None:
            pairs.append((laid[0], ours[frame], inside & laid[1]))
    return _figures(pairs)


def _pick(frames: Any, wanted: set[int]) -> dict[int, Grey]:
    return {frame: planes[0].astype(np.float32) for frame, planes in enumerate(frames) if frame in wanted}


def _lay_over(take: Grey, ours: Grey, inside: Mask) -> tuple[Grey, Mask] | None:
    """The take's luma on our raster, its gain and offset fitted on what lies around the matte."""
    finder = cv2.SIFT.create(3000)
    outside = (~cv2.dilate(inside.astype(np.uint8), np.ones((41, 41), np.uint8)).astype(bool)).astype(np.uint8)
    a, b = (image.clip(0, 255).astype(np.uint8) for image in (take, ours))
    points_a, words_a = finder.detectAndCompute(a, None)
    points_b, words_b = finder.detectAndCompute(b, outside)
    if words_a is None or words_b is None:
        return None
    matches = cv2.BFMatcher().knnMatch(words_b, words_a, k=2)
    good = [m for m, n in matches if m.distance < 0.7 * n.distance]
    if len(good) < 30:
        return None
    source = np.array([points_a[m.trainIdx].pt for m in good], np.float32)
    target = np.array([points_b[m.queryIdx].pt for m in good], np.float32)
    matrix, _ = cv2.findHomography(source, target, cv2.USAC_MAGSAC, 2.0)
    if matrix is None:
        return None
    size = (ours.shape[1], ours.shape[0])
    laid = cv2.warpPerspective(take, matrix, size, flags=cv2.INTER_CUBIC)
    valid = cv2.warpPerspective(np.ones_like(take), matrix, size) > 0.99
    ring = cv2.dilate(inside.astype(np.uint8), np.ones((161, 161), np.uint8)).astype(bool) & (outside > 0) & valid
    gain, base = np.polyfit(laid[ring], ours[ring], 1)
    return (laid * gain + base).astype(np.float32), valid


def _figures(pairs: list[tuple[Grey, Grey, Mask]]) -> Figures:
    """Figures over (truth, fill, inside) of some frames."""
    errors, edges, grains = [], [], []
    for truth, fill, inside in pairs:
        core = cv2.erode(inside.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
        if not core.any():
            continue
        smooth = [cv2.GaussianBlur(image, (0, 0), _LOW_PASS) for image in (truth, fill)]
        errors.append(float(((smooth[0] - smooth[1])[inside] ** 2).mean()))
        gradients = [np.hypot(cv2.Sobel(s, cv2.CV_32F, 1, 0), cv2.Sobel(s, cv2.CV_32F, 0, 1)) for s in smooth]
        edges.append(float(gradients[1][core].mean()) / max(float(gradients[0][core].mean()), 1e-6))
        flat = core & (gradients[0] < np.percentile(gradients[0][core], 40))
        high = [image - low for image, low in zip((truth, fill), smooth, strict=True)]
        if flat.sum() > 200 and high[0][flat].std() > 0.2:
            grains.append(float(high[1][flat].std()) / float(high[0][flat].std()))
    if not errors:
        return Figures(0.0, 0.0, None)
    psnr = 10 * np.log10(255.0**2 / max(float(np.mean(errors)), 1e-9))
    return Figures(float(psnr), float(np.mean(edges)), float(np.mean(grains)) if grains else None)


def _write(path: Path, image: NDArray[np.uint8]) -> None:
    cv2.imencode(".png", image)[1].tofile(path)
