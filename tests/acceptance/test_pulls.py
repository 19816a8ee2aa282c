"""From a proxy to a version: the pull is asked for with its lists, and the work goes on when it lands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import made
import numpy as np
import pytest
from images import write_mattes
from thread import SHOW, Thread
from waiting import wait_for
from wetgate.connectors.editorial.pulls import read_ale, read_edl
from wetgate.processors.pictures import Plate

FRAMES, HANDLES, HOLED = 40, 4, (12, 23)


@pytest.fixture
def thread(tmp_path: Path) -> Iterator[Thread]:
    """A show with its tracker and four frames of handle."""
    show = Thread(tmp_path)
    show.start_tracker()
    settings = tmp_path / "shows" / f"{SHOW}.toml"
    settings.write_text(settings.read_text() + f"handles = {HANDLES}\n")
    yield show
    show.close()


def halved(frames: list[made.Frame]) -> list[made.Frame]:
    """A proxy's raster."""
    half = (cv2.resize(frame, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) for frame in frames)
    return [np.asarray(frame, np.uint8) for frame in half]


def test_a_proxy_waits_for_its_pull_and_goes_on_by_itself(thread: Thread) -> None:
    """A plate that is a proxy: one note with EDL and ALE; the pull lands, one version; a re-pull makes it stale."""
    take = made.take(FRAMES, intruder=True)
    dailies = thread.dailies
    made.write_movie(dailies / "cam" / "A001C004.mov", made.take(FRAMES, intruder=False), timecode="02:00:00:00")
    proxy = dailies / "Proxies" / "A009C001.mov"
    made.write_movie(proxy, halved(take), timecode="13:59:51:00", reel="A009R2EC")
    mattes = halved(made.matte(FRAMES))
    empty = np.zeros_like(mattes[0])
    drawn = [m if HOLED[0] <= n <= HOLED[1] else empty for n, m in enumerate(mattes)]
    write_mattes(thread.work / SHOW / "painted" / "matte", drawn)
    thread.start()
    task = thread.assign("cleanup", "plate: A009C001\nmatte: painted/matte")
    thread.wait_status(task, "hld", 240, "the pull is asked for")
    (note,) = thread.notes(task)
    assert "needs a pull as plate: reel A009R2EC, 13:59:51:12-13:59:51:23 with 4 handles" in note["content"]
    assert {attachment["name"].rpartition(".")[2] for attachment in note["attachments"]} == {"edl", "ale"}
    edl, ale = (next((thread.work / SHOW / "pulls").glob(f"*.{kind}")).read_text() for kind in ("edl", "ale"))
    assert read_edl(edl) == [("A009R2EC", "13:59:51:08", "13:59:52:03", "01:00:00:00", "01:00:00:20")]
    assert (read_ale(ale)[0]["Tape"], read_ale(ale)[0]["Start"]) == ("A009R2EC", "13:59:51:08")
    assert "VIDEO_FORMAT\tCUSTOM\n" in ale  # the proxy is of no size that a project has

    first = HOLED[0] - 3
    pulled = take[first : HOLED[1] + 6]
    made.write_movie(dailies / "pulls" / "PL01_v001.mov", pulled, timecode="13:59:51:09", reel="A009R2EC")
    thread.wait_status(task, "rev", 120, "the pull has landed")
    (version,) = thread.versions(task)
    assert version["code"] == f"{SHOW}_SH010_cleanup_WG_v001"
    assert len(thread.notes(task)) == 2
    with Plate.open(Path(version["sg_path_to_frames"])) as master:
        assert (master.video.width, master.frames, master.timecode) == (320, len(pulled), "13:59:51:09")
        filled, untouched = master.picture(8).rgb(), master.picture(0).rgb()
    x, y, w, h = made.INTRUDER
    inner = (slice(y + 6, y + h - 6), slice(x + 6, x + w - 6))
    street = made.street_rgb()
    assert np.abs(filled[inner] - street[inner]).mean() < 0.03
    assert np.abs(untouched[inner] - street[inner]).mean() > 0.1

    again = made.take(FRAMES, intruder=True, grain=3.0)[first : HOLED[1] + 6]
    made.write_movie(dailies / "pulls" / "PL01_v002.mov", again, timecode="13:59:51:09", reel="A009R2EC")
    wait_for(lambda: len(thread.notes(task)) == 3, 120, "the re-pull is told")
    (told,) = [note for note in thread.notes(task) if "PL01_v002" in note["content"]]
    assert "is stale: it was made from PL01_v001" in told["content"] and "version 2 of this plate" in told["content"]
    assert thread.status(task) == "rev"
    assert thread.stop() == 0
