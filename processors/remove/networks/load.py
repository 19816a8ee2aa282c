"""Opening a studio's network: its file is checked, hashed, loaded and tried once before anything relies on it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ....schema.errors import OutOfMemory, ProcessorError, WeightsMissing
from ....schema.request import Network

DEFAULT_FRAMES = 5
_TRIAL = 64
"""Side of the black picture that a network is tried on."""
Tensor = NDArray[np.float32]


class Run(Protocol):
    """A loaded network: `frames` is what its file says about T, 0 where it says nothing."""

    frames: int

    def __call__(self, tensor: Tensor) -> Tensor:
        """(1, T, 4, H, W) to (1, T, 3, H, W); raises RuntimeError."""


@dataclass(frozen=True)
class Loaded:
    """A network that has been tried: `digest` is its file's SHA-256, `frames` its T."""

    network: Network
    run: Run
    digest: str
    frames: int

    def __call__(self, tensor: Tensor) -> Tensor:
        """Run it. Raises OutOfMemory, or ProcessorError with the network's name."""
        try:
            made = self.run(tensor)
        except RuntimeError as error:
            if "memory" in str(error).lower():
                raise OutOfMemory(f"The network {self.network.name} ran out of memory.") from error
            raise ProcessorError(f"The network {self.network.name} broke off: {_first_line(error)}") from error
        if not np.isfinite(made).all():
            raise ProcessorError(f"The network {self.network.name} answered with values that are no numbers.")
        return made


def load(network: Network) -> Loaded:
    """Open *network* and try it. Raises WeightsMissing, which names network and file and says what to do."""
    path = network.path
    try:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise _missing(network, f"cannot be read ({error.strerror})", "Put the file there") from error
    if network.sha256 and network.sha256.lower() != digest:
        raise _missing(network, f"has SHA-256 {digest}, not {network.sha256}", "Put the right file there")
    run = _open(network, path)
    frames = run.frames or network.frames or DEFAULT_FRAMES
    if network.frames and run.frames and network.frames != run.frames:
        raise _missing(network, f"takes {run.frames} frames, not {network.frames}", "Correct `frames`")
    loaded = Loaded(network, run, digest, frames)
    _try(loaded)
    return loaded


def _open(network: Network, path: Path) -> Run:
    suffix = path.suffix.lower()
    try:
        if suffix == ".pt":
            from .torchscript import TorchScript

            return TorchScript(path)
        if suffix == ".onnx":
            from .onnx import Onnx

            return Onnx(path)
    except ImportError as error:
        raise _missing(network, "needs the package onnxruntime", "pip install 'wetgate[networks]'") from error
    except (RuntimeError, ValueError) as error:
        raise _missing(network, f"does not load: {_first_line(error)}", "Export it again") from error
    raise _missing(network, "is neither .pt (TorchScript) nor .onnx", "Export it as one of them")


def _try(loaded: Loaded) -> None:
    """A black picture with a hole goes through, and what comes out has the right shape and values."""
    tensor = np.zeros((1, loaded.frames, 4, _TRIAL, _TRIAL), np.float32)
    tensor[:, :, 3, 24:40, 24:40] = 1
    try:
        made = loaded(tensor)
    except ProcessorError as error:
        raise _missing(loaded.network, f"fails on a small picture: {error}", _README) from error
    wanted = (1, loaded.frames, 3, _TRIAL, _TRIAL)
    if made.shape != wanted:
        raise _missing(loaded.network, f"answers {made.shape} where {wanted} is asked for", _README)


_README = "Export it by the contract in the README"


def _missing(network: Network, fault: str, mend: str) -> WeightsMissing:
    return WeightsMissing(
        f"The network {network.name} ({network.path}) {fault}. {mend}, or take it out of the settings.",
        path=network.path,
    )


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    # TorchScript's trace comes first, what went wrong last.
    return (lines[-1] if lines else type(error).__name__)[:300]
