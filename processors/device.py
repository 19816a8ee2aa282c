"""Which device torch code runs on: CUDA where there is one, else the CPU."""

from __future__ import annotations

import os

import torch


def device() -> torch.device:
    """CUDA where there is one; `WETGATE_DEVICE=cpu` keeps everything on the CPU."""
    # Convolutions in TF32 would differ from the CPU's by a quarter of an 8-bit step.
    torch.backends.cudnn.allow_tf32 = False
    wanted = os.environ.get("WETGATE_DEVICE", "")
    if wanted:
        return torch.device(wanted)
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
