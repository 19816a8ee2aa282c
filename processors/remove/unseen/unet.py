"""A small U-Net (Ronneberger et al., MICCAI 2015) that corrects a picture painted from its edges."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

_WIDTHS = (16, 32, 64, 96)


class UNet(nn.Module):
    """(N, 4, H, W): painted RGB and hole, to (N, 3, H, W): what to add. H, W multiples of 8; 0.4 million weights."""

    def __init__(self) -> None:
        super().__init__()
        inward = [4, *_WIDTHS[:-1]]
        self.down = nn.ModuleList(_block(a, b) for a, b in zip(inward, _WIDTHS, strict=True))
        self.up = nn.ModuleList(_block(a + b, b) for a, b in zip(_WIDTHS[:0:-1], _WIDTHS[-2::-1], strict=True))
        self.last = nn.Conv2d(_WIDTHS[0], 3, 1, bias=False)
        # It starts as no correction at all.
        nn.init.zeros_(self.last.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Down by three halvings, and up again past what was kept."""
        kept: list[Tensor] = []
        for block in self.down:
            x = block(functional.avg_pool2d(x, 2) if kept else x)
            kept.append(x)
        for block, beside in zip(self.up, kept[-2::-1], strict=True):
            wide = functional.interpolate(x, scale_factor=2.0, mode="nearest")
            x = block(torch.cat([wide, beside], dim=1))
        return torch.as_tensor(self.last(x))


def _block(inward: int, outward: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inward, outward, 3, padding=1),
        nn.LeakyReLU(0.1),
        nn.Conv2d(outward, outward, 3, padding=1),
        nn.LeakyReLU(0.1),
    )
