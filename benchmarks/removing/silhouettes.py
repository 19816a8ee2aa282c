"""Where performers stand in the true clip: nobody who fills a hole gets to see this."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from wetgate.processors.pictures import Plate

from .cases import Case

Mask = NDArray[np.bool_]
Frame = NDArray[np.uint8]

_APART = 20
"""Code values (0..255) by which a performer differs from the empty place."""


def silhouettes(case: Case, clip: Sequence[Frame], shared: Path) -> list[Mask]:
    """One mask a frame: "none"; "still", apart from the clip's median; "moved", apart from an aligned
    median and moving by itself; "cut out", by GrabCut around what moves; or the path of a matte."""
    size = clip[0].shape[:2]
    if case.subject == "none":
        return [np.zeros(size, bool)] * len(clip)
    if case.subject == "still":
        return _apart_from_still(case, clip, shared)
    if case.subject == "moved":
        return _apart_from_aligned(clip)
    if case.subject == "cut out":
        return _cut_out(clip)
    with Plate.open(shared / case.subject) as plate:
        return [
            np.asarray(cv2.resize((p.luma() > 127).astype(np.uint8), size[::-1], interpolation=cv2.INTER_NEAREST) > 0)
            for p in plate.read(case.first, case.first + len(clip) - 1)
        ]


def _apart_from_still(case: Case, clip: Sequence[Frame], shared: Path) -> list[Mask]:
    """From a camera that stands still: the whole file's median is the empty place."""
    height, width = clip[0].shape[:2]
    with Plate.open(shared / case.clip) as plate:
        sampled = [
            cv2.resize(plate.picture(int(n)).rgb(), (width, height), interpolation=cv2.INTER_AREA)
            for n in np.linspace(0, plate.frames - 1, 31)
        ]
    empty = np.median(np.stack(sampled), axis=0) * 255
    return [_solid(_difference(frame, empty) > _APART) for frame in clip]


def _apart_from_aligned(clip: Sequence[Frame]) -> list[Mask]:
    """From any camera: frames around each are laid over it by homography and their median is compared."""
    grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in clip]
    size = (clip[0].shape[1], clip[0].shape[0])
    steps = [np.eye(3), *(_step(a, b) for a, b in zip(grey[1:], grey[:-1], strict=True))]
    to_first = list(np.asarray([np.linalg.multi_dot([np.eye(3), *steps[: n + 1]]) for n in range(len(clip))]))
    found = []
    for number, frame in enumerate(clip):
        near = sorted({min(max(number + k, 0), len(clip) - 1) for k in (-20, -14, -9, -5, 5, 9, 14, 20)} - {number})
        laid = [
            cv2.warpPerspective(
                clip[n], np.linalg.inv(to_first[number]) @ to_first[n], size, borderMode=cv2.BORDER_REPLICATE
            )
            for n in near
        ]
        apart = _difference(frame, np.median(np.stack(laid), axis=0)) > _APART
        found.append(_solid(apart & _moves(grey, number)))
    return found


def _moves(grey: Sequence[Frame], number: int) -> Mask:
    """Where something goes its own way by more than a pixel within two frames."""
    other = number + 2 if number + 2 < len(grey) else number - 2
    flow = cv2.DISOpticalFlow.create(cv2.DISOpticalFlow_PRESET_MEDIUM).calc(
        grey[number], grey[other], np.zeros((*grey[0].shape, 2), np.float32)
    )
    height, width = grey[0].shape
    at = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1).astype(np.float32)
    matrix = _step(grey[number], grey[other])
    plain = cv2.perspectiveTransform(at.reshape(-1, 1, 2), matrix).reshape(at.shape) - at
    own = np.linalg.norm(flow - plain, axis=-1)
    return np.asarray(cv2.dilate((own > 1.0).astype(np.uint8), np.ones((9, 9))) > 0)


def _step(one: Frame, other: Frame) -> NDArray[np.float64]:
    """The camera's motion: *one*'s pixels to *other*'s."""
    points = cv2.goodFeaturesToTrack(one, 600, 0.01, 6)
    if points is None:
        return np.eye(3)
    moved, found, _ = cv2.calcOpticalFlowPyrLK(one, other, points, None)
    kept = found.ravel() > 0
    if kept.sum() < 12:
        return np.eye(3)
    matrix, _ = cv2.findHomography(points[kept], moved[kept], cv2.RANSAC, 1.0)
    return np.eye(3) if matrix is None else np.asarray(matrix)


def _cut_out(clip: Sequence[Frame]) -> list[Mask]:
    """One performer before a camera that stands still: GrabCut (Rother et al., 2004) around what changes."""
    spread = np.max(np.stack(clip[::4]).astype(np.int16), axis=0) - np.min(np.stack(clip[::4]), axis=0)
    moved = cv2.morphologyEx((spread.max(axis=-1) > 70).astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3)))
    _, _, stats, _ = cv2.connectedComponentsWithStats(cv2.dilate(moved, np.ones((9, 9))))
    x, y, width, height = stats[1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])), :4]
    found = []
    for frame in clip:
        mask = np.full(frame.shape[:2], cv2.GC_BGD, np.uint8)
        mask[max(0, y - 6) : y + height + 6, max(0, x - 6) : x + width + 6] = cv2.GC_PR_FGD
        cv2.setRNGSeed(1)
        cv2.grabCut(frame, mask, None, np.zeros((1, 65)), np.zeros((1, 65)), 4, cv2.GC_INIT_WITH_MASK)
        found.append(_solid((mask == cv2.GC_FGD) | (mask == cv2.GC_PR_FGD)))
    return found


def _difference(frame: Frame, other: NDArray[np.floating]) -> NDArray[np.float32]:
    return np.asarray(
        cv2.GaussianBlur(np.abs(frame.astype(np.float32) - other.astype(np.float32)).max(axis=-1), (0, 0), 1)
    )


def _solid(mask: Mask) -> Mask:
    """Specks gone, gaps closed, holes filled."""
    ellipse = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))
    one = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3)))
    one = cv2.morphologyEx(one, cv2.MORPH_CLOSE, ellipse)
    outlines, _ = cv2.findContours(one, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    least = 0.0004 * mask.size
    out = np.zeros(mask.shape, np.uint8)
    cv2.drawContours(out, [line for line in outlines if cv2.contourArea(line) > least], -1, 1, -1)
    return np.asarray(out > 0)
