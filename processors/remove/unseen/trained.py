"""A network trained for one job under the show's approval, on what `open.TRAINED_ON` says and nothing else.

It is trained with a fixed number of steps on one thread from fixed
seeds, so that the same job gives the same pixels on one machine, and ends with the job.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...device import device
from ...pictures.layout import Image, Mask
from .edges import paint_from_edges
from .unet import UNet

TRAINED = 160
"""`fill.Origin.TRAINED`."""
STEPS = 200
_BATCH = 4
_SIDE = 64
"""Side of a training picture, in pixels."""
_CROPS = 240
_HOLE = 28
"""Longest side of a hole, in pixels, that the network is taught and asked to fill; larger ones are scaled down."""
_RATE = 2e-3
_SEED = 1003


@dataclass(frozen=True)
class Lesson:
    """A picture to learn from, and what of it must not be looked at."""

    image: Image
    hidden: Mask


class TrainedPainter:
    """A `painter.Painter`: painting from the edges, corrected by the network."""

    name, origin, frames, licence = "trained for this job", TRAINED, 1, "this show's own footage"

    def __init__(self, network: UNet, factor: float) -> None:
        """*factor* is the scale at which the network has seen this shot."""
        self._network, self._factor = network.eval(), factor
        self.digest = _digest(network)

    def paint(self, images: Sequence[Image], holes: Sequence[Mask]) -> Image:
        """The middle picture; the correction is found at the network's scale, padded to a multiple of 8."""
        image, hole = images[len(images) // 2], holes[len(holes) // 2]
        painted = paint_from_edges(image, hole)
        stack = _scaled(np.dstack([painted, hole]).astype(np.float32), self._factor)
        height, width = stack.shape[:2]
        padded = np.pad(stack, ((0, -height % 8), (0, -width % 8), (0, 0)), mode="edge")
        with torch.inference_mode(), repeatable():
            tensor = torch.from_numpy(np.ascontiguousarray(padded.transpose(2, 0, 1)[None])).to(device())
            added = self._network(tensor)[0, :, :height, :width].cpu().numpy().transpose(1, 2, 0)
        added = cv2.resize(added, hole.shape[::-1], interpolation=cv2.INTER_CUBIC)
        return np.asarray(np.where(hole[..., None], np.clip(painted + added, 0, 1), image), np.float32)


def train(
    lessons: Sequence[Lesson], shapes: Sequence[Mask], kept: Path, *, steps: int = STEPS
) -> TrainedPainter | None:
    """Learn from *lessons* to fill holes of the given *shapes*; None where they have no room for a training picture.

    The weights are kept at *kept* for a job that is taken up again.
    """
    network = UNet().to(device())
    factor = min(1.0, _HOLE / float(np.median([max(shape.shape) for shape in shapes])))
    if kept.exists():
        network.load_state_dict(torch.load(kept, map_location=device(), weights_only=True))
        return TrainedPainter(network, factor)
    rng = np.random.default_rng(_SEED)
    crops = list(_crops([_smaller(lesson, factor) for lesson in lessons], rng))
    if len(crops) < _BATCH:
        return None
    with repeatable():
        torch.manual_seed(_SEED)
        network = UNet().to(device())
        optimiser = torch.optim.Adam(network.parameters(), lr=_RATE)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=_RATE, total_steps=steps)
        for _ in range(steps):
            inputs, truth = _batch(crops, shapes, rng)
            made = inputs[:, :3] + network(inputs)
            loss = _loss(made, truth, inputs[:, 3:])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    kept.parent.mkdir(parents=True, exist_ok=True)
    part = kept.with_suffix(".part")
    torch.save(network.state_dict(), part)
    part.replace(kept)
    return TrainedPainter(network, factor)


@contextmanager
def repeatable() -> Iterator[None]:
    """One thread and deterministic kernels: another number of threads sums in another order."""
    threads, strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(strict)


def _scaled(image: NDArray[np.float32], factor: float) -> NDArray[np.float32]:
    if factor == 1:
        return image
    return np.asarray(cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.float32)


def _smaller(lesson: Lesson, factor: float) -> Lesson:
    return Lesson(_scaled(lesson.image, factor), _scaled(lesson.hidden.astype(np.float32), factor) > 0)


def _crops(lessons: Sequence[Lesson], rng: np.random.Generator) -> Iterator[Image]:
    """Training pictures at random, none of which shows a hidden pixel."""
    for _ in range(_CROPS):
        lesson = lessons[int(rng.integers(len(lessons)))]
        height, width = lesson.hidden.shape
        if height < _SIDE or width < _SIDE:
            continue
        y, x = int(rng.integers(height - _SIDE + 1)), int(rng.integers(width - _SIDE + 1))
        window = (slice(y, y + _SIDE), slice(x, x + _SIDE))
        if not lesson.hidden[window].any():
            yield np.clip(lesson.image[window], 0, 1)


def _batch(crops: Sequence[Image], shapes: Sequence[Mask], rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """(N, 4, H, W) painted pictures with their holes, (N, 3, H, W) the truth; mirrored at random."""
    inputs, truths = [], []
    for index in rng.integers(len(crops), size=_BATCH):
        image = crops[int(index)]
        if rng.random() < 0.5:
            image = np.ascontiguousarray(image[:, ::-1])
        hole = _hole(shapes[int(rng.integers(len(shapes)))], rng)
        inputs.append(np.dstack([paint_from_edges(image, hole), hole]))
        truths.append(image)
    return _tensor(inputs), _tensor(truths)


def _hole(shape: Mask, rng: np.random.Generator) -> Mask:
    """A shape at a random size and place of the training picture."""
    longest = float(rng.uniform(0.3, 1.0)) * _HOLE
    scale = longest / max(shape.shape)
    size = (max(3, round(shape.shape[1] * scale)), max(3, round(shape.shape[0] * scale)))
    small = cv2.resize(shape.astype(np.float32), size, interpolation=cv2.INTER_AREA) >= 0.5
    y, x = int(rng.integers(4, _SIDE - size[1] - 3)), int(rng.integers(4, _SIDE - size[0] - 3))
    hole = np.zeros((_SIDE, _SIDE), bool)
    hole[y : y + size[1], x : x + size[0]] = small
    return hole


def _loss(made: Tensor, truth: Tensor, hole: Tensor) -> Tensor:
    """Absolute error in the hole, of the picture and of its slopes."""
    apart = (made - truth) * hole
    slopes = apart.diff(dim=-1).abs().sum() + apart.diff(dim=-2).abs().sum()
    return (apart.abs().sum() + 0.5 * slopes) / (3 * hole.sum() + 1)


def _tensor(pictures: Sequence[NDArray[np.float32]]) -> Tensor:
    stack = np.stack(pictures).astype(np.float32).transpose(0, 3, 1, 2)
    return torch.from_numpy(np.ascontiguousarray(stack)).to(device())


def _digest(network: UNet) -> str:
    total = hashlib.sha256()
    for tensor in network.state_dict().values():
        total.update(tensor.detach().cpu().numpy().tobytes())
    return total.hexdigest()
