"""Fitting a CDL to pairs of colours: robust, from an affine start, a little drawn to no change.

The residual is taken in steps that are about equally visible (code values, or scene-linear values
through the sRGB curve), with a Cauchy loss: what differs for another reason than the grade (a
performer, a reflection, a misaligned edge) has little say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from .cdl import Cdl, Clamp
from .samples import Samples, balanced

Even = Callable[[NDArray[Any]], NDArray[np.float64]]

_MOST = 6000
_CALM = 0.004
"""Pull of every parameter towards no change, in the residual's units."""
_SLOPE, _OFFSET, _POWER, _SATURATION = slice(0, 3), slice(3, 6), slice(6, 9), slice(9, 10)


@dataclass(frozen=True)
class Model:
    """A CDL with only some of its parameters free; `name` is for people."""

    name: str
    free: tuple[slice, ...]

    @property
    def places(self) -> NDArray[np.int64]:
        """The free parameters' places among the ten."""
        return np.concatenate([np.arange(10)[part] for part in self.free])


GAINS = Model("exposure and white balance", (_SLOPE,))
"""Through linear light: a gain of light is a gain of values coded by a power law, or linear ones."""
LOG_GAINS = Model("exposure and white balance", (_OFFSET,))
"""A gain of light is an offset of logarithmic values."""
AFFINE = Model("slope and offset", (_SLOPE, _OFFSET))
FULL = Model("slope, offset, power and saturation", (_SLOPE, _OFFSET, _POWER, _SATURATION))


def fit_cdl(samples: Samples, model: Model, clamp: Clamp, even: Even) -> Cdl:
    """The CDL that turns `before` into `after`, of the samples that are not held out."""
    train = samples.part(~samples.held)
    if len(train.weight) > _MOST:
        pick = np.linspace(0, len(train.weight) - 1, _MOST).astype(int)
        train = train.part(np.isin(np.arange(len(train.weight)), pick))
    weight = balanced(train, train.before.min(axis=0), train.before.max(axis=0))
    root = np.sqrt(weight / weight.mean())
    target, places = even(train.after), model.places
    theta = _affine_start(train, weight, model) if _SLOPE in model.free else np.zeros(10)
    # Clamped values have no slope to follow, so the first steps go without.
    stages: tuple[tuple[float, Clamp], ...] = ((0.10, "none"), (0.04, clamp), (0.02, clamp))
    for scale, style in stages:

        def residual(part: NDArray[np.float64], scale: float = scale, style: Clamp = style) -> NDArray[np.float64]:
            whole = np.zeros(10)
            whole[places] = part
            apart = even(decision(whole, style).apply(train.before)) - target
            # One loss for the colour, not one for each channel: the root of the Cauchy loss of its length.
            length = np.linalg.norm(apart, axis=1) / scale
            soft = np.sqrt(np.log1p(length**2)) / np.maximum(length, 1e-9)
            rows = apart / scale * (soft * root)[:, None]
            return np.concatenate([rows.ravel() / np.sqrt(len(root)), part * _CALM / scale])

        found = least_squares(residual, theta[places], bounds=_bounds(places), method="trf", max_nfev=60)
        theta = np.zeros(10)
        theta[places] = found.x
    return decision(theta, clamp)


def decision(theta: NDArray[np.float64], clamp: Clamp) -> Cdl:
    """Ten parameters as a CDL: logarithms of slope, power and saturation, and offsets."""
    grown = np.exp(theta)
    return Cdl(
        slope=tuple(grown[_SLOPE]),
        offset=tuple(theta[_OFFSET]),
        power=tuple(grown[_POWER]),
        saturation=float(grown[9]),
        clamp=clamp,
    )


def _affine_start(train: Samples, weight: NDArray[np.float64], model: Model) -> NDArray[np.float64]:
    """Slope and offset a channel by reweighted least squares from wide to narrow; slope alone where that is asked."""
    theta = np.zeros(10)
    for channel in range(3):
        x, y = train.before[:, channel], train.after[:, channel]
        basis = np.c_[x, np.ones_like(x)] if _OFFSET in model.free else x[:, None]
        pull = 1e-3 * weight.sum() * np.eye(basis.shape[1])
        aim = np.array([1.0, 0.0])[: basis.shape[1]]
        w, fit = weight, aim
        for scale in (0.3, 0.1, 0.05):
            fit = np.linalg.solve(basis.T @ (basis * w[:, None]) + pull, basis.T @ (w * y) + pull @ aim)
            w = weight / (1 + ((y - basis @ fit) / scale) ** 2)
        theta[channel] = np.log(np.clip(fit[0], 0.1, 8))
        theta[3 + channel] = np.clip(fit[1], -0.9, 0.9) if len(fit) > 1 else 0.0
    return theta


def _bounds(places: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    high = np.r_[np.full(3, np.log(12)), np.full(3, 1.0), np.full(3, np.log(5)), np.log(4)]
    return -high[places], high[places]
