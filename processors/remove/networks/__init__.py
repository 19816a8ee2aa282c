"""Inpainting networks that a studio brings: TorchScript (`.pt`) or ONNX (`.onnx`) files.

The contract, for whoever exports one:

- One input, float32, (1, T, 4, H, W): T frames in order of time; channels R, G, B (display-referred
  code values, 0..1; 0 inside the hole) and the hole (1 inside, 0 outside). H and W are multiples of 8.
- One output, float32, (1, T, 3, H, W): R, G, B, 0..1. Only the middle frame inside its hole is used.
- T is what the file says: the ONNX input's second dimension or metadata `frames`, TorchScript's extra
  file `frames`; else what the settings say; else 5. At a shot's ends and cuts the outermost frame repeats.
- The picture is the region around the hole with a margin, scaled down when T x H x W would pass
  `studio.MOST` pixels, so that time and memory are bounded by the network and not by the plate.
- It runs in float32 on CUDA where there is one, else on the CPU. Both, and float64, agree to
  `TOLERANCE` for a network of ordinary depth; TF32 is off.

A file is code that runs with the worker's rights: name only files that you trust, and give their digest.
"""

TOLERANCE = 1e-4
"""Largest difference (0..1) between devices that counts as the same result: a fortieth of an 8-bit step."""
