"""What no frame shows: painted by patches, steady from frame to frame, and by training only when asked."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from made import street_rgb
from wetgate.daemon.cli.networks import approval_of, networks_of
from wetgate.processors.register import Registration
from wetgate.processors.remove import Remove
from wetgate.processors.remove.holes import Region
from wetgate.processors.remove.unseen.choose import Tried
from wetgate.processors.remove.unseen.edges import paint_from_edges
from wetgate.processors.remove.unseen.fill import Hole, Unseen
from wetgate.processors.remove.unseen.painter import Patches
from wetgate.processors.remove.unseen.patches import paint_by_patches
from wetgate.processors.remove.unseen.trained import Lesson, train
from wetgate.processors.remove.unseen.trials import find_places
from wetgate.processors.remove.unseen.window import window
from wetgate.schema.approval import Consent
from wetgate.schema.errors import BriefIncomplete
from wetgate.schema.request import Request, Source

HEIGHT, WIDTH, PAN, FRAMES = 120, 160, 2, 18


def stripes(height: int, width: int) -> np.ndarray:
    """A shutter: slanted slats with hard edges."""
    y, x = np.mgrid[0:height, 0:width]
    tone = np.where((x + y // 2) % 16 < 8, 0.25, 0.7).astype(np.float32)
    return np.stack([tone, tone * 0.9, tone * 0.8], axis=-1)


def rms(one: np.ndarray, other: np.ndarray, where: np.ndarray) -> float:
    """Root mean squared difference inside *where*."""
    return float(np.sqrt(((one - other)[where] ** 2).mean()))


def test_patches_carry_a_pattern_on_where_edges_smear_it() -> None:
    """A third of the error on slats, none of it outside the hole, and the same pixels every time."""
    truth = stripes(100, 140)
    hole = np.zeros((100, 140), bool)
    hole[38:64, 55:90] = True
    blank = np.where(hole[..., None], np.float32(0), truth)
    made = paint_by_patches(blank, hole)
    assert rms(made, truth, hole) < rms(paint_from_edges(blank, hole), truth, hole) / 3
    assert (made[~hole] == truth[~hole]).all()
    assert (paint_by_patches(blank, hole) == made).all()


def test_a_hole_without_surroundings_is_painted_from_its_edges() -> None:
    """Where no whole patch is known the result is still a picture."""
    image = street_rgb(24, 24)
    hole = np.zeros((24, 24), bool)
    hole[3:21, 3:21] = True
    assert np.isfinite(paint_by_patches(image, hole)).all()


@dataclass
class Panned:
    """A camera that pans over the street; a mark on the lens hides the same pixels of every frame."""

    work: Path

    def __post_init__(self) -> None:
        self.world = street_rgb(WIDTH + PAN * FRAMES, HEIGHT)
        rng = np.random.default_rng(3)
        self.grain = rng.normal(0, 0.01, (FRAMES, HEIGHT, WIDTH, 1)).astype(np.float32)
        self.region = Region(40, 20, 80, 80)
        self.unseen = Unseen(
            self, onto=self.onto, choose=lambda: [Tried(Patches(), 0.0)], fill=self.fill, work=self.work
        )

    def span(self, frame: int) -> tuple[int, int]:
        """One shot."""
        assert 0 <= frame < FRAMES
        return 0, FRAMES - 1

    def rgb(self, frame: int) -> np.ndarray:
        """A grainy frame."""
        return np.asarray(self.world[:, PAN * frame : PAN * frame + WIDTH] + self.grain[frame])

    def matte(self, frame: int) -> np.ndarray:
        """The mark, as wide as what the pan uncovers in a dozen frames."""
        assert 0 <= frame < FRAMES
        mask = np.zeros((HEIGHT, WIDTH), bool)
        mask[45:75, 65:95] = True
        return mask

    def onto(self, source: int, target: int) -> Registration | None:
        """The pan, known exactly."""
        matrix = np.eye(3)
        matrix[0, 2] = PAN * (source - target)
        return Registration(matrix, 99, 99, 16, 0.0, (HEIGHT, WIDTH))

    def fill(self, frame: int) -> np.ndarray:
        """The region with everything in the mark painted."""
        rest = self.matte(frame)[self.region.window]
        image = np.where(rest[..., None], np.float32(0), self.rgb(frame)[self.region.window])
        return self.unseen.paint(Hole(frame, self.region, image, rest, np.zeros_like(rest)), blind=False)

    def flicker(self, made: dict[int, np.ndarray]) -> float:
        """Mean difference of neighbouring frames along the pan, inside the mark."""
        inside = self.matte(0)[self.region.window]
        apart = []
        for frame in sorted(made)[1:]:
            moved = np.roll(made[frame - 1], -PAN, axis=1)
            both = inside & np.roll(inside, -PAN, axis=1)
            apart.append(rms(made[frame], moved, both))
        return float(np.mean(apart))


def test_paint_moves_with_the_camera_instead_of_flickering(tmp_path: Path) -> None:
    """Along the pan neighbouring frames differ by less than half of what painting each anew gives."""
    shot = Panned(tmp_path)
    carried = {frame: shot.fill(frame) for frame in range(10)}
    inside = shot.matte(0)[shot.region.window]
    anew = {}
    for frame in range(10):
        image = shot.rgb(frame)[shot.region.window]
        anew[frame] = paint_by_patches(np.where(inside[..., None], np.float32(0), image), inside)
    assert shot.flicker(carried) < 0.5 * shot.flicker(anew)


def test_paint_does_not_depend_on_the_order_of_frames(tmp_path: Path) -> None:
    """A late frame asked for first, as after a kill or on a farm, has the same pixels."""
    in_order, late = Panned(tmp_path / "a"), Panned(tmp_path / "b")
    made = {frame: in_order.fill(frame) for frame in range(13)}
    assert (late.fill(12) == made[12]).all()
    assert (late.fill(3) == made[3]).all()
    assert (Panned(tmp_path / "a").fill(12) == made[12]).all()


def test_a_probe_leaves_no_paint_behind(tmp_path: Path) -> None:
    """A blind hole is painted alone, and what is kept for the shot stays as it was."""
    shot = Panned(tmp_path)
    rest = shot.matte(0)[shot.region.window]
    shot.unseen.paint(Hole(0, shot.region, shot.rgb(0)[shot.region.window], rest, np.zeros_like(rest)), blind=True)
    assert not list(tmp_path.rglob("*.npz"))


def test_trials_lie_clear_of_the_matte(tmp_path: Path) -> None:
    """The same places every time, none of them in or at the matte."""
    shot = Panned(tmp_path)
    places = find_places(shot, range(FRAMES))
    assert len(places) >= 4
    for place, again in zip(places, find_places(shot, range(FRAMES)), strict=True):
        assert (place.mask == again.mask).all()
        assert place.mask.any()
        assert not (place.mask & shot.matte(place.frame)).any()


def test_a_window_stays_inside_its_shot() -> None:
    """At a cut the outermost frame is repeated."""
    assert window(10, (9, 30), 5) == [9, 9, 10, 11, 12]
    assert window(30, (9, 30), 3) == [29, 30, 30]
    assert window(12, (9, 30), 1) == [12]


def test_the_same_job_trains_the_same_network(tmp_path: Path) -> None:
    """Same weights and same pixels from the same lessons, whatever the threads; kept weights are taken up again."""
    picture = stripes(120, 160)
    lessons = [Lesson(picture, np.zeros((120, 160), bool))]
    shape = np.ones((8, 12), bool)
    hole = np.zeros((60, 70), bool)
    hole[20:40, 25:45] = True
    threads, made = torch.get_num_threads(), []
    for count, name in ((1, "a.pt"), (2, "b.pt"), (1, "a.pt")):
        torch.set_num_threads(count)
        painter = train(lessons, [shape], tmp_path / name, steps=3)
        assert painter is not None
        made.append((painter.digest, painter.paint([picture[:60, :70]], [hole])))
    torch.set_num_threads(threads)
    assert made[0][0] == made[1][0] == made[2][0]
    assert (made[0][1] == made[1][1]).all() and (made[0][1] == made[2][1]).all()
    assert (made[0][1][~hole] == picture[:60, :70][~hole]).all()


def test_nothing_is_learned_from_hidden_pixels(tmp_path: Path) -> None:
    """Where every picture is hidden there is no network."""
    lesson = Lesson(stripes(120, 160), np.ones((120, 160), bool))
    assert train([lesson], [np.ones((4, 4), bool)], tmp_path / "a.pt", steps=1) is None


@pytest.mark.parametrize(
    "approval",
    [
        {},
        {"document": "GA-7", "scope": ["network"], "signer": "S", "date": "2020-01-01", "expires": "2999-01-01"},
        {"document": "GA-7", "scope": ["trained"], "signer": "S", "date": "2020-01-01", "expires": "2020-02-01"},
    ],
)
def test_training_without_an_approval_is_an_incomplete_brief(approval: dict[str, object], tmp_path: Path) -> None:
    """None, one for something else, one that has run out: each is told, and nothing is trained."""
    from made import take, write_movie

    request = Request.model_validate(
        {
            "plate": Source(path=write_movie(tmp_path / "a.mp4", take(3, intruder=True)), name="A001"),
            "options": {"box": "130,60,44,90", "box_is": "area", "fill_unseen": "trained"},
            "work": tmp_path / "work",
            "out": tmp_path / "out",
            "approval": approval,
        }
    )
    with pytest.raises(BriefIncomplete, match=r"fill_unseen.*approval"):
        Remove().plan(request)


def test_an_approval_is_read_from_the_command_line(tmp_path: Path) -> None:
    """As one line or from a file, it covers what it names and nothing else."""
    one = approval_of("GA-7; network; A. Producer; 2026-03-01; 2026-06-30")
    assert (one.document, one.signer, one.expires) == ("GA-7", "A. Producer", datetime.date(2026, 6, 30))
    assert one.scope == (Consent.NETWORK,)
    assert approval_of("GA-7; network, trained; S; 2026-03-01; 2026-06-30").scope == tuple(Consent)
    file = tmp_path / "ok.toml"
    file.write_text(
        '[approval]\ndocument = "GA-7"\nscope = ["trained"]\nsigner = "S"\ndate = 2026-03-01\nexpires = 2026-06-30\n'
    )
    assert approval_of(str(file)).scope == (Consent.TRAINED,)
    assert not approval_of("").document


@pytest.mark.parametrize(
    "text",
    [
        "GA-7",
        "GA-7; S; 2026-03-01; 2026-06-30",
        "GA-7; everything; S; 2026-03-01; 2026-06-30",
        "GA-7; ; S; 2026-03-01; 2026-06-30",
        "GA-7; network; S; yesterday; 2026-06-30",
        "a; trained; b; 2026-06-30; 2026-01-01",
        "no.toml",
    ],
)
def test_a_wrong_approval_is_told_with_what_to_write(text: str) -> None:
    """Each mistake is an incomplete brief that shows the form."""
    with pytest.raises(BriefIncomplete, match="--approval"):
        approval_of(text)


def test_networks_are_named_as_their_files() -> None:
    """Two of one name could not be told apart in a report."""
    (network,) = networks_of([Path("nets/fill3.pt")], "in-house")
    assert (network.name, network.licence, network.path.is_absolute()) == ("fill3", "in-house", True)
    with pytest.raises(BriefIncomplete, match="same name"):
        networks_of([Path("a/x.pt"), Path("b/x.onnx")], "")
