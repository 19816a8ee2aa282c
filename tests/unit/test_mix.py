"""Rounding pictures to whole code values."""

from __future__ import annotations

import numpy as np
from wetgate.processors.pictures.mix import in_8_bits, in_16_bits


def test_what_is_brighter_than_any_code_value_stays_white() -> None:
    """As a float plate's highlights are; and what is darker than black is black."""
    values = np.array([-1e9, -0.1, 0, 0.25, 1, 2, 300, 1e5, 1e7, 1e12, np.inf], np.float32)
    picture = np.repeat(np.tile(values, 8)[None, :, None], 3, axis=2)
    assert in_8_bits(picture)[0, : len(values), 2].tolist() == [0, 0, 0, 64, *[255] * 7]
    assert in_16_bits(picture, 16384)[0, : len(values), 2].tolist() == [0, 0, 0, 4096, 16384, 32768, *[65535] * 5]
