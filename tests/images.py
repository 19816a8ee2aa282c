"""Single images on disk, read and written so that a failure is an error and never a None."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import OpenImageIO as oiio  # noqa: N813 - the library's own documentation imports it so
from numpy.typing import NDArray

Image = NDArray[np.uint8]


def read_image(path: Path) -> Image:
    """A picture as HxWx3, 8-bit BGR."""
    return decoded(path.read_bytes())


def decoded(data: bytes) -> Image:
    """The bytes of a picture file as HxWx3, 8-bit BGR."""
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None, "not a picture that OpenCV reads"
    return np.asarray(picture, np.uint8)


def open_image(path: Path) -> oiio.ImageInput:
    """An open file of which header and pixels can be read."""
    opened = oiio.ImageInput.open(str(path))
    assert opened is not None, oiio.geterror()
    return opened


def write_image(path: Path, spec: oiio.ImageSpec, pixels: NDArray[np.generic]) -> None:
    """Write one image in the format of its suffix, with the header of *spec*."""
    output = oiio.ImageOutput.create(str(path))
    assert output is not None, oiio.geterror()
    assert output.open(str(path), spec), output.geterror()
    assert output.write_image(pixels), output.geterror()
    output.close()


def write_mattes(folder: Path, masks: Sequence[NDArray[np.bool_] | NDArray[np.uint8]]) -> Path:
    """8-bit PNG mattes numbered from 1001, 255 wherever a mask is not 0."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, mask in enumerate(masks):
        done, png = cv2.imencode(".png", np.asarray(mask > 0, np.uint8) * np.uint8(255))
        assert done, "OpenCV made no PNG"
        (folder / f"matte.{1001 + number}.png").write_bytes(png.tobytes())
    return folder
