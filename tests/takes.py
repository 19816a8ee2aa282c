"""Short pieces of the real takes, cut out losslessly so that whole jobs run in seconds."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import footage
import numpy as np
from numpy.typing import NDArray
from wetgate.processors.pictures import Plate

POSE = "pose2sim_clean_vs_inserted"


def walkers(frame: int = 0) -> NDArray[np.float32]:
    """A frame of the pedestrians, 768x576 from a camera that stands still, as display-referred RGB."""
    with Plate.open(footage.shared("opencv_samples/vtest.avi")) as plate:
        return plate.picture(frame).rgb()


def cut_take(which: str, out: Path, *, first: int, count: int, factor: float = 0.5, cam: str = "cam01") -> Path:
    """`count` frames of a pose2sim take from *first* on, scaled, as lossless FFV1 yuv420p at 60 fps."""
    source = footage.shared(f"{POSE}/{which}/{cam}.mp4")
    with av.open(str(source)) as read, av.open(str(out), "w") as write:
        stream = None
        for number, frame in enumerate(read.decode(video=0)):
            if number < first:
                continue
            if number >= first + count:
                break
            width, height = (int(v * factor) // 4 * 4 for v in (frame.width, frame.height))
            whole = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
            rgb = np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
            if stream is None:
                stream = write.add_stream("ffv1", rate=60)
                stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            write.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format="yuv420p")))
        assert stream is not None
        write.mux(stream.encode(None))
    return out


def woman(size: tuple[int, int]) -> NDArray[np.uint8]:
    """Where the extra woman stands, generously and with both arms out, in a pose2sim cam01 frame of
    (height, width) *size*."""
    height, width = size
    mask = np.zeros(size, np.uint8)
    ground = np.array(
        [[0.66, 0.38], [1.0, 0.38], [1.0, 0.67], [0.82, 0.72], [0.76, 0.93], [0.33, 0.96], [0.40, 0.62], [0.44, 0.46]]
    )
    cv2.fillPoly(mask, [np.rint(ground * [width, height]).astype(np.int32)], 255)
    return mask
