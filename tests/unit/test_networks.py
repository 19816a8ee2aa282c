"""A studio's networks: real TorchScript and ONNX files, loaded, tried, and made to compete."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import torch
from nets import Blur, Diffusion, Flat, Magenta, shading, write_onnx_blur, write_torchscript
from wetgate.daemon.doctor import network_problems
from wetgate.processors.remove import Remove
from wetgate.processors.remove.networks import TOLERANCE
from wetgate.processors.remove.networks.load import load
from wetgate.processors.remove.networks.studio import StudioNetwork
from wetgate.processors.remove.unseen.choose import Trial, choose
from wetgate.processors.remove.unseen.painter import Edges, Painter, Patches
from wetgate.processors.runner import run_processor
from wetgate.schema.errors import WeightsMissing
from wetgate.schema.outcome import Outcome, Verdict
from wetgate.schema.request import Network, Request, Source
from wetgate.schema.settings import Settings

APPROVAL = {"document": "GA-7", "scope": ["network"], "signer": "S", "date": "2020-01-01", "expires": "2999-01-01"}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Pictures this small take longer to share out than to work on."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def opened(path: Path, **words: object) -> StudioNetwork:
    """The network of a file."""
    return StudioNetwork(load(Network.model_validate({"name": path.stem, "path": path, **words})))


def write_blur(path: Path) -> Path:
    """A network that takes one frame, and says so."""
    return write_torchscript(path, Blur(), 1)


def holed(height: int = 90, width: int = 130) -> tuple[np.ndarray, np.ndarray]:
    """A shaded wall at an odd size, and a hole in it."""
    hole = np.zeros((height, width), bool)
    hole[30:58, 40:80] = True
    return shading(height, width), hole


def test_both_kinds_of_file_give_the_same_picture(tmp_path: Path) -> None:
    """One network as TorchScript and as ONNX: same hash as the file's, same T, same pixels; outside stays as it was."""
    image, hole = holed()
    made = []
    for path in (write_blur(tmp_path / "a.pt"), write_onnx_blur(tmp_path / "b.onnx")):
        network = opened(path, licence="in-house")
        assert network.frames == 1
        assert network.digest == hashlib.sha256(path.read_bytes()).hexdigest()
        made.append(network.paint([image], [hole]))
    assert np.abs(made[0] - made[1]).max() < TOLERANCE
    assert (made[0][~hole] == image[~hole]).all()
    assert np.abs(made[0] - image)[hole].max() < 0.1


def test_nothing_inside_the_hole_is_shown_to_a_network(tmp_path: Path) -> None:
    """Whatever stands where the hole is, the answer is the same."""
    network = opened(write_torchscript(tmp_path / "a.pt", Diffusion(), 3))
    image, hole = holed()
    other = np.where(hole[..., None], np.float32(0.9), image)
    assert (network.paint([image] * 3, [hole] * 3)[hole] == network.paint([other] * 3, [hole] * 3)[hole]).all()


def test_a_large_region_is_scaled_down_for_the_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Above the limit of pixels the answer comes from a smaller picture and still fits the hole."""
    network = opened(write_torchscript(tmp_path / "a.pt", Diffusion(), 1))
    image, hole = holed()
    monkeypatch.setattr("wetgate.processors.remove.networks.studio.MOST", 90 * 130 // 4)
    made = network.paint([image], [hole])
    assert made.shape == image.shape
    assert np.abs(made - image)[hole].max() < 0.05


def test_precision_does_not_change_the_result(tmp_path: Path) -> None:
    """Float32 and float64 runs of one network agree to the tolerance that is promised between devices."""
    path = write_torchscript(tmp_path / "a.pt", Diffusion())
    module = torch.jit.load(str(path))
    image, hole = holed(96, 128)
    shown = np.dstack([image * ~hole[..., None], hole]).astype(np.float32).transpose(2, 0, 1)[None, None]
    single = module(torch.from_numpy(np.ascontiguousarray(shown)))
    double = module(torch.from_numpy(np.ascontiguousarray(shown)).double())
    assert (single - double).abs().max() < TOLERANCE


Write = Callable[[Path], Path]


@pytest.mark.parametrize(
    ("name", "write", "words", "says"),
    [
        ("gone.pt", lambda path: path, {}, "cannot be read"),
        ("junk.pt", lambda path: path.write_bytes(b"no network") and path, {}, "does not load"),
        ("junk.onnx", lambda path: path.write_bytes(b"no network") and path, {}, "does not load"),
        ("net.h5", lambda path: path.write_bytes(b"no network") and path, {}, "neither"),
        ("other.pt", write_blur, {"sha256": "0" * 64}, "SHA-256"),
        ("other.pt", write_blur, {"frames": 3}, "takes 1 frames"),
        ("flat.pt", lambda path: write_torchscript(path, Flat()), {}, "where (1, 5, 3, 64, 64) is asked for"),
        ("one.onnx", write_onnx_blur, {"frames": 2}, "takes 1 frames"),
    ],
)
def test_a_network_that_cannot_be_used_is_named(
    name: str, write: Write, words: dict[str, object], says: str, tmp_path: Path
) -> None:
    """Missing, damaged, another file, another shape: each names network, file, fault and what to do."""
    path = write(tmp_path / name)
    with pytest.raises(WeightsMissing) as caught:
        opened(path, **words)
    text = str(caught.value)
    assert says in text
    assert path.stem in text
    assert str(path) in text
    assert "take it out of the settings" in text


def trials(count: int) -> Sequence[Trial]:
    """One place on the wall."""
    image, hole = holed()
    return [Trial([image] * count, [hole] * count, hole)]


def test_the_trials_tell_a_good_network_from_a_bad_one(tmp_path: Path) -> None:
    """The good one beats paint by more than the margin, the bad one stays below both."""
    good = opened(write_torchscript(tmp_path / "good.pt", Diffusion(), 1))
    bad = opened(write_torchscript(tmp_path / "bad.pt", Magenta(), 5))
    painters: list[Painter] = [Patches(), Edges(), bad, good]
    tried = {one.painter.name: one.psnr_db for one in choose(painters, trials)}
    assert next(iter(tried)) == "good"
    assert tried["good"] > max(tried["patches"], tried["edges"]) + 0.5
    assert tried["bad"] < min(tried["patches"], tried["edges"])


@pytest.fixture(scope="module")
def wall(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight frames of the wall with some fixed texture to register by, and a frame-still place that nothing shows."""
    path = tmp_path_factory.mktemp("wall") / "wall.mkv"
    picture = shading(144, 192)
    with av.open(str(path), "w") as write:
        stream = write.add_stream("ffv1", rate=24)
        stream.width, stream.height, stream.pix_fmt = 192, 144, "yuv444p"
        for _ in range(8):
            shown = (picture * 255 + 0.5).astype(np.uint8)
            write.mux(stream.encode(av.VideoFrame.from_ndarray(shown, format="rgb24").reformat(format="yuv444p")))
        write.mux(stream.encode(None))
    return path


def remove(wall: Path, tmp_path: Path, *networks: Path, **words: object) -> Outcome:
    """A box that hides the same place in every frame, with networks."""
    request = Request.model_validate(
        {
            "plate": Source(path=wall, name="A001"),
            "options": {"box": "80,60,36,28", "box_is": "area", "probes": 2, "weak_fix": "ask", "grain": False},
            "work": tmp_path / "work",
            "out": tmp_path / "out",
            "networks": [Network(name=path.stem, path=path, licence="in-house") for path in networks],
            **words,
        }
    )
    return run_processor(Remove(), request, lambda _done, _words: None)


def test_a_good_network_fills_what_nothing_shows(wall: Path, tmp_path: Path) -> None:
    """It wins, and stands in the outcome with its share, licence, hash and approval."""
    good = write_torchscript(tmp_path / "good.pt", Diffusion(), 1)
    bad = write_torchscript(tmp_path / "bad.pt", Magenta(), 1)
    outcome = remove(wall, tmp_path, bad, good, approval=APPROVAL)
    assert outcome.trained_pixels > 0.9
    uses = {use.name: use for use in outcome.networks}
    assert (uses["good"].share, uses["bad"].share) == (outcome.trained_pixels, 0.0)
    assert (uses["good"].licence, uses["good"].sha256) == ("in-house", hashlib.sha256(good.read_bytes()).hexdigest())
    report = json.loads(outcome.report.read_text())
    assert report["trained_pixels"] == outcome.trained_pixels
    assert report["approval"]["document"] == "GA-7"
    assert any("GA-7" in reason for reason in outcome.reasons)
    assert report["never_seen"]["painter"] == "good"
    assert report["never_seen_share"] > 0.9, "no source showed it, whoever filled it"
    assert report["never_seen_by"] == {
        "painted": pytest.approx(0.0, abs=0.1),
        "trained": 0.0,
        "network": uses["good"].share,
    }
    assert min(row["never_seen"] for row in report["curves"]) > 0.9
    page = (outcome.report.parent / "report.html").read_text("utf-8")
    assert "From no source" in page and "made by a network, approval GA-7" in page


def test_without_an_approval_somebody_must_look(wall: Path, tmp_path: Path) -> None:
    """The processor asks, with the share, and the gate of a show refuses."""
    outcome = remove(wall, tmp_path, write_torchscript(tmp_path / "good.pt", Diffusion(), 1))
    assert outcome.trained_pixels > 0.9
    assert outcome.verdict is Verdict.ASK
    assert any("no approval" in reason for reason in outcome.reasons)


def test_a_bad_network_leaves_no_pixel(wall: Path, tmp_path: Path) -> None:
    """It loses the trials, so that the fix is what it is without it."""
    bad = write_torchscript(tmp_path / "bad.pt", Magenta(), 1)
    outcome = remove(wall, tmp_path, bad, approval=APPROVAL)
    assert outcome.trained_pixels == 0.0
    assert outcome.master is not None
    assert cv2.VideoCapture(str(outcome.master)).isOpened()


def test_doctor_names_networks_that_are_not_used_or_not_there(tmp_path: Path) -> None:
    """Without an approval it says that they rest; a missing file is told with the show's name."""
    network = {"name": "house fill", "path": tmp_path / "gone.pt"}
    unapproved = Settings.model_validate({"shows": {"PINE": {"networks": [network]}}})
    told = [problem.what for problem in network_problems(unapproved)]
    assert "PINE: its networks are not used" in told[0]
    assert "PINE: The network house fill" in told[1]
    good = {"name": "good", "path": write_torchscript(tmp_path / "good.pt", Diffusion(), 1)}
    whole = Settings.model_validate({"shows": {"PINE": {"networks": [good], "approval": APPROVAL}}})
    assert list(network_problems(whole)) == []
