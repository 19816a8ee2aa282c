"""Small inpainting networks that the tests make themselves, real files of both kinds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn
from torch.nn import functional

KERNEL, SIGMA = 41, 9.0


class Diffusion(nn.Module):
    """Heat flows from the hole's edge inwards (coarse to fine) until the picture in it is harmonic."""

    def forward(self, x: Tensor) -> Tensor:
        """(1, T, 4, H, W) to (1, T, 3, H, W)."""
        frames, hole = x[0, :, :3], x[0, :, 3:]
        known = 1.0 - hole
        made = torch.zeros_like(frames)
        for level in range(3, -1, -1):
            step = 1 << level
            mass = functional.avg_pool2d(known, step)
            small = functional.avg_pool2d(frames * known, step) / mass.clamp(min=1e-6)
            free = (mass < 0.999).to(x.dtype)
            if level < 3:
                made = functional.interpolate(made, scale_factor=2.0, mode="bilinear", align_corners=False)
            else:
                mean = (frames * known).sum([2, 3], keepdim=True) / known.sum([2, 3], keepdim=True).clamp(min=1.0)
                made = mean + torch.zeros_like(small)
            made = small * (1.0 - free) + made * free
            for _ in range(20):
                padded = functional.pad(made, [1, 1, 1, 1], mode="replicate")
                near = (
                    padded[:, :, 1:-1, 2:] + padded[:, :, 1:-1, :-2] + padded[:, :, 2:, 1:-1] + padded[:, :, :-2, 1:-1]
                )
                made = small * (1.0 - free) + free * near / 4.0
        return made[None]


class Magenta(nn.Module):
    """Sure of itself, and wrong."""

    def forward(self, x: Tensor) -> Tensor:
        """(1, T, 4, H, W) to (1, T, 3, H, W)."""
        return x[:, :, :3] * 0.0 + torch.tensor([1.0, 0.0, 1.0], dtype=x.dtype).reshape(1, 1, 3, 1, 1)


class Flat(nn.Module):
    """Answers four dimensions where five are asked for."""

    def forward(self, x: Tensor) -> Tensor:
        """(1, T, 4, H, W) to (T, 3, H, W)."""
        return x[0, :, :3]


class Blur(nn.Module):
    """Normalised convolution over one frame: what the ONNX file does too."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.tensor(_kernel().tolist()))
        self.half = KERNEL // 2

    def forward(self, x: Tensor) -> Tensor:
        """(1, 1, 4, H, W) to (1, 1, 3, H, W)."""
        known = 1.0 - x[0, :, 3:]
        sums = functional.conv2d(x[0, :, :3] * known, self.weights.repeat(3, 1, 1, 1), padding=self.half, groups=3)
        mass = functional.conv2d(known, self.weights, padding=self.half)
        return (sums / (mass + 1e-6))[None]


def write_torchscript(path: Path, network: nn.Module, frames: int | None = None) -> Path:
    """A scripted network; *frames* goes in as the extra file that says T."""
    extra = {} if frames is None else {"frames": str(frames)}
    torch.jit.save(torch.jit.script(network), str(path), _extra_files=extra)
    return path


def write_onnx_blur(path: Path) -> Path:
    """`Blur` as ONNX, written node by node; T = 1 stands in its input's shape."""
    node = helper.make_node
    half = KERNEL // 2
    nodes = [
        node("Squeeze", ["x", "first"], ["frame"]),
        node("Split", ["frame", "parts"], ["rgb", "hole"], axis=1),
        node("Sub", ["one", "hole"], ["known"]),
        node("Mul", ["rgb", "known"], ["shown"]),
        node("Conv", ["shown", "kernel3"], ["sums"], pads=[half] * 4, group=3),
        node("Conv", ["known", "kernel1"], ["mass"], pads=[half] * 4),
        node("Add", ["mass", "little"], ["weight"]),
        node("Div", ["sums", "weight"], ["made"]),
        node("Unsqueeze", ["made", "first"], ["y"]),
    ]
    constants = {
        "first": np.array([1], np.int64),
        "parts": np.array([3, 1], np.int64),
        "one": np.array(1, np.float32),
        "little": np.array(1e-6, np.float32),
        "kernel1": _kernel(),
        "kernel3": np.repeat(_kernel(), 3, axis=0),
    }
    graph = helper.make_graph(
        nodes,
        "blur",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, 4, "H", "W"])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1, 3, "H", "W"])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, str(path))
    return path


def _kernel() -> NDArray[np.float32]:
    at = np.arange(KERNEL) - KERNEL // 2
    line = np.exp(-(at**2) / (2 * SIGMA**2))
    return (np.outer(line, line) / line.sum() ** 2).astype(np.float32)[None, None]


def shading(height: int, width: int) -> NDArray[np.float32]:
    """A softly lit wall, (height, width, 3), 0..1: harmonic, so that diffusion knows it from the hole's edge alone."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = 2 * x / width - 1, 2 * y / height - 1
    fields = [x * x - y * y, x * y, x * (x * x - 3 * y * y)]
    return np.stack([0.5 + 0.2 * field for field in fields], axis=-1).astype(np.float32)
