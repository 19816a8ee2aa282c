"""A 17-point residual after the CDL: what a creative LUT does and ten numbers cannot.

Nodes hold corrections in working values on a cube over `low`..`high`, solved by robust least
squares with smoothness between neighbours and a weak pull to nothing, so that colours which were
never seen are left as the CDL made them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import PyOpenColorIO as ocio  # noqa: N813 - as OpenImageIO is imported elsewhere
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import cg

POINTS = 17
_SCALES = (0.1, 0.05, 0.03)


@dataclass(frozen=True)
class Cube:
    """`nodes` (17, 17, 17, 3): output values, red first; inputs from `low` to `high` in every channel."""

    nodes: NDArray[np.float32]
    low: float
    high: float

    def transforms(self) -> list[Any]:
        """OpenColorIO's transforms: the domain to 0..1, then the cube, tetrahedral."""
        lut = ocio.Lut3DTransform(POINTS)
        lut.setData(np.ascontiguousarray(self.nodes, np.float32).reshape(-1))
        lut.setInterpolation(ocio.INTERP_TETRAHEDRAL)
        if (self.low, self.high) == (0.0, 1.0):
            return [lut]
        scale = 1 / (self.high - self.low)
        matrix = np.diag([scale, scale, scale, 1.0]).ravel().tolist()
        domain = ocio.MatrixTransform(matrix=matrix, offset=[-self.low * scale] * 3 + [0.0])
        return [domain, lut]


def fit_cube(
    graded: NDArray[np.float64],
    wanted: NDArray[np.float64],
    weight: NDArray[np.float64],
    smooth: float,
    domain: tuple[float, float],
) -> Cube:
    """The cube that brings *graded* (N, 3; after the CDL) to *wanted*; *smooth* is the strength of smoothness."""
    low, high = domain
    reader = _reader((graded - low) / (high - low))
    rough, size = _roughness(), POINTS**3
    calm = weight.sum() / size
    node = np.zeros((size, 3))
    rest = wanted - graded
    for scale in _SCALES:
        off = np.linalg.norm(rest - reader @ node, axis=1)
        w = weight / (1 + (off / scale) ** 2) ** 2
        left = reader.T @ (reader * w[:, None]) + calm * (smooth * rough + 0.003 * sparse.eye_array(size))
        node = _solved(sparse.csr_array(left), reader.T @ (rest * w[:, None]), node)
    steps = np.linspace(low, high, POINTS)
    plain = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1)
    return Cube((plain + node.reshape(POINTS, POINTS, POINTS, 3)).astype(np.float32), low, high)


def _solved(left: sparse.csr_array, right: NDArray[np.float64], start: NDArray[np.float64]) -> NDArray[np.float64]:
    """The nodes (N, 3) for which left @ nodes = right, *left* symmetric and positive definite, to about 1e-7.

    Conjugate gradients (Hestenes and Stiefel, 1952) from *start*, scaled by the diagonal: ten times as quick as
    a factorisation, which fills in.
    """
    scale = sparse.diags_array(1 / left.diagonal())
    channels = [cg(left, right[:, n], start[:, n], rtol=1e-8, M=scale)[0] for n in range(right.shape[1])]
    return np.stack(channels, axis=1)


def _reader(at: NDArray[np.float64]) -> sparse.csr_array:
    """The matrix that reads the nodes at colours 0..1 (N, 3), trilinear."""
    spot = np.clip(at, 0, 1) * (POINTS - 1)
    low = np.minimum(np.floor(spot).astype(int), POINTS - 2)
    part = spot - low
    values, cells = [], []
    for corner in np.ndindex(2, 2, 2):
        step = np.array(corner)
        values.append(np.prod(np.where(step, part, 1 - part), axis=1))
        cell = low + step
        cells.append((cell[:, 0] * POINTS + cell[:, 1]) * POINTS + cell[:, 2])
    rows = np.tile(np.arange(len(at)), 8)
    return sparse.csr_array((np.concatenate(values), (rows, np.concatenate(cells))), shape=(len(at), POINTS**3))


def _roughness() -> sparse.csr_array:
    """Sum of squared second differences along each axis, and a little of first ones."""
    index = np.arange(POINTS**3).reshape(POINTS, POINTS, POINTS)
    total = sparse.csr_array((index.size, index.size))
    for axis in range(3):
        line = np.moveaxis(index, axis, 0)
        first = _step([line[:-1], line[1:]], (-1.0, 1.0), index.size)
        second = _step([line[:-2], line[1:-1], line[2:]], (1.0, -2.0, 1.0), index.size)
        total = total + second.T @ second + 0.3 * (first.T @ first)
    return total


def _step(places: list[NDArray[np.int64]], signs: tuple[float, ...], size: int) -> sparse.csr_array:
    count = places[0].size
    rows = np.tile(np.arange(count), len(signs))
    values = np.repeat(np.array(signs), count)
    return sparse.csr_array((values, (rows, np.concatenate([p.ravel() for p in places]))), shape=(count, size))
