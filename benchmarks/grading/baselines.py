"""What anybody could run instead: Reinhard, Monge-Kantorovich, histograms."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from wetgate.processors.colour_difference import lab

from .grades import Picture


def pixels(frames: list[Picture]) -> NDArray[Any]:
    """Every third frame's pixels, thinned, as one list of colours."""
    return np.concatenate([frame[::3, ::3].reshape(-1, 3) for frame in frames[::3]]).astype(np.float64)


def reinhard(frame: Picture, plate: list[Picture], reference: list[Picture]) -> Picture:
    """Means and spreads in L*a*b*."""
    ours, theirs = lab(pixels(plate)), lab(pixels(reference))
    value = (lab(frame) - ours.mean(0)) / ours.std(0) * theirs.std(0) + theirs.mean(0)
    return np.clip(cv2.cvtColor(value.astype(np.float32), cv2.COLOR_Lab2RGB), 0, 1)


def monge_kantorovich(frame: Picture, plate: list[Picture], reference: list[Picture]) -> Picture:
    """The linear map between two Gaussians that moves least."""
    ours, theirs = pixels(plate), pixels(reference)
    a, b = np.cov(ours.T) + 1e-8 * np.eye(3), np.cov(theirs.T)
    root = power(a, 0.5)
    back = power(a, -0.5)
    matrix = back @ power(root @ b @ root, 0.5) @ back
    return np.clip((frame - ours.mean(0)) @ matrix + theirs.mean(0), 0, 1).astype(np.float32)


def histogram(frame: Picture, plate: list[Picture], reference: list[Picture]) -> Picture:
    """Quantiles, channel by channel."""
    steps = np.linspace(0, 100, 129)
    ours, theirs = np.percentile(pixels(plate), steps, axis=0), np.percentile(pixels(reference), steps, axis=0)
    mapped = [np.interp(frame[..., c], ours[:, c], theirs[:, c]) for c in range(3)]
    return np.dstack(mapped).astype(np.float32)


def power(matrix: NDArray[Any], exponent: float) -> NDArray[Any]:
    """A symmetric matrix to a power."""
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.maximum(values, 1e-12) ** exponent) @ vectors.T)


BASELINES = {"Reinhard": reinhard, "Monge-Kant.": monge_kantorovich, "histogram": histogram}
