"""ONNX files, run by onnxruntime (an extra: `pip install 'wetgate[networks]'`)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as state

from ...device import device

_FAULTS = (state.Fail, state.InvalidArgument, state.InvalidGraph, state.InvalidProtobuf, state.NotImplemented,
           state.RuntimeException, state.EPFail)  # fmt: skip
"""onnxruntime's errors have no base of their own."""


class Onnx:
    """A session on CUDA where torch has one and onnxruntime too, else on the CPU."""

    def __init__(self, path: Path) -> None:
        """Raises RuntimeError for a file that is not ONNX, ValueError for more than one input."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.log_severity_level = 3
        providers = ["CPUExecutionProvider"]
        if device().type == "cuda" and "CUDAExecutionProvider" in onnxruntime.get_available_providers():
            providers.insert(0, "CUDAExecutionProvider")
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers)
        except _FAULTS as error:
            raise RuntimeError(str(error)) from error
        inputs = self._session.get_inputs()
        if len(inputs) != 1:
            raise ValueError(f"it has {len(inputs)} inputs where one is asked for")
        self._name = inputs[0].name
        said = inputs[0].shape[1] if len(inputs[0].shape) > 1 else None
        known = self._session.get_modelmeta().custom_metadata_map.get("frames", "")
        self.frames = said if isinstance(said, int) else int(known) if known else 0

    def __call__(self, tensor: NDArray[np.float32]) -> NDArray[np.float32]:
        """(1, T, 4, H, W) to (1, T, 3, H, W)."""
        try:
            made = self._session.run(None, {self._name: tensor})[0]
        except _FAULTS as error:
            raise RuntimeError(str(error)) from error
        return np.asarray(made, np.float32)
