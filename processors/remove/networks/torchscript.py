"""TorchScript files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.jit._fuser import optimized_execution  # `torch.jit` hands it on without telling type checkers

from ...device import device


class TorchScript:
    """A scripted or traced network on the device that torch code runs on."""

    def __init__(self, path: Path) -> None:
        """Raises RuntimeError for a file that is not TorchScript, ValueError for a `frames` that is no number."""
        self._device = device()
        extra = {"frames": ""}
        self._module = torch.jit.load(str(path), map_location=self._device, _extra_files=extra)
        self._module.eval()
        said = extra["frames"]
        self.frames = int(said) if said else 0

    def __call__(self, tensor: NDArray[np.float32]) -> NDArray[np.float32]:
        """(1, T, 4, H, W) to (1, T, 3, H, W)."""
        # Optimised, it would compile anew for every size of hole: seconds each.
        with torch.inference_mode(), optimized_execution(False):
            made = self._module(torch.from_numpy(tensor).to(self._device))
        return np.asarray(made.to("cpu", torch.float32).numpy(), np.float32)
