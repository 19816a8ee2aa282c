"""Which device torch code runs on: CUDA where there is one, else the CPU."""

from __future__ import annotations

import os

import torch


def device() -> torch.device:
    """CUDA where there is one; `WETGATE_DEVICE=cpu` keeps everything on the CPU."""
    wanted = os.environ.get("WETGATE_DEVICE", "")
    if wanted:
        return torch.device(wanted)
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
