"""A fix's test of itself: where it looks, what it concludes, and what it chooses."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from images import write_mattes
from numpy.typing import NDArray
from wetgate.processors.remove.fill import Fill, Origin, unseen_share
from wetgate.processors.remove.holes import Region
from wetgate.processors.remove.open import open_shot
from wetgate.processors.remove.rating.choice import Trial, choose, held_trial
from wetgate.processors.remove.rating.expected import Facts, expect, facts_of, rate
from wetgate.processors.remove.rating.probes import Probe, place_probes
from wetgate.processors.remove.rating.rim import Rim, rim_of
from wetgate.processors.remove.rating.scores import Score
from wetgate.processors.remove.rating.texture import soft, texture, typical
from wetgate.processors.remove.rating.verdict import Tally, cut_frames, judge, torn_often, unseen_reasons
from wetgate.processors.remove.shot import holed_frames
from wetgate.schema.request import Request, Source

FRAMES = 12


def world(height: int, width: int) -> NDArray[np.float32]:
    """Flat on the left half, rich on the right."""
    field = np.random.default_rng(1).random((height // 4, width // 4)).astype(np.float32)
    rich = cv2.resize(field, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(0.5 + (rich - 0.5) * np.linspace(0.02, 0.8, width, dtype=np.float32), np.float32)


def request(folder: Path) -> Request:
    """A still picture of 160x120, 12 frames, with a matte that wanders over its rich part."""
    (folder / "plate").mkdir()
    grey = np.asarray(np.clip(world(120, 160), 0, 1) * 255, np.uint8)
    mattes = []
    for number in range(FRAMES):
        assert cv2.imwrite(str(folder / "plate" / f"plate.{1001 + number}.png"), cv2.merge([grey] * 3))
        mask = np.zeros((120, 160), bool)
        mask[40 + 4 * number : 60 + 4 * number, 120:140] = True
        mattes.append(mask)
    return Request(
        plate=Source(path=folder / "plate", name="A001"),
        matte=write_mattes(folder / "matte", mattes),
        work=folder / "work",
        out=folder / "out",
    )


def score(error: float, *, rich: float = 1e-3, painted: float = 0.0) -> Score:
    """A probe's result."""
    return Score(0, error, min(error, 0.0138), error, rich, 0.02, painted, 900, 1.0, 1.0, {int(Origin.OWN): 900})


def facts(
    frame: int,
    *,
    rim: float = 1e-5,
    beside: float = 0.0,
    doubt: float | None = None,
    rich: float = 1e-3,
    painted: float = 0.0,
) -> Facts:
    """A real fill's; *beside* is what somebody who stands on the rim adds to its error, and with a *doubt* he is laid
    in the hole, too."""
    moved = doubt is not None
    return Facts(frame, 1000, painted, painted, rich, 0.02, Rim(rim + beside, rim), 0.0, moved, doubt or 0.0)


def test_an_error_of_place_shows_in_proportion_to_texture() -> None:
    """A picture moved by half a pixel is wrong by a quarter of its texture."""
    picture = world(120, 160)
    move = np.array([[1, 0, 0.5], [0, 1, 0]], np.float32)
    moved = np.asarray(
        cv2.warpAffine(picture, move, (160, 120), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), np.float32
    )
    inner = (slice(10, -10), slice(60, -10))
    error = float(((soft(moved) - soft(picture))[inner] ** 2).mean())
    dx = cv2.Sobel(soft(picture), cv2.CV_32F, 1, 0, scale=1 / 8)
    assert 0.7 < error / (0.25 * float((dx[inner] ** 2).mean())) < 1.3
    assert (texture(picture) >= 0).all()


def test_probes_stand_clear_of_the_matte_where_it_is_as_rich(tmp_path: Path) -> None:
    """The same places every time, off the matte, and more of them in the rich half, where the matte is."""
    shot = open_shot(request(tmp_path))
    probes = place_probes(shot, holed_frames(shot))
    assert probes == place_probes(shot, holed_frames(shot))
    assert len(probes) >= 3
    for probe in probes:
        matte = shot.matte(probe.frame)
        assert probe.of(matte).any()
        assert not (probe.of(matte) & matte).any()
    assert np.mean([probe.centre[0] + probe.dx for probe in probes]) > 80
    shot.close()


def test_a_probe_is_the_matte_smaller_and_elsewhere() -> None:
    """As if the whole matte were moved, be it that part of it leaves the frame, or all."""
    matte = np.zeros((90, 160), bool)
    matte[30:70, 20:61] = True
    matte[40:50, 50:80] = True
    for scale, dx, dy in ((1.0, 30, -12), (0.55, 41, 9), (0.4, -60, 33), (0.7, 0, 400)):
        x, y = 50.0, 50.5
        move = np.array([[scale, 0, x + dx - scale * x], [0, scale, y + dy - scale * y]])
        whole = cv2.warpAffine(matte.astype(np.uint8) * 255, move, (160, 90), flags=cv2.INTER_LINEAR) > 127
        assert np.array_equal(Probe(0, (x, y), scale, dx, dy).of(matte), whole)
    assert not Probe(0, (50.0, 50.5), 1.0, 0, 0).of(np.zeros_like(matte)).any()


def test_a_trial_is_held_once_and_kept(tmp_path: Path) -> None:
    """A restarted job reads the trial from its folder; another brief holds one of its own."""
    asked = request(tmp_path)
    said: list[str] = []
    counts = []
    for options in ({}, {}, {"probes": 3}):
        shot = open_shot(asked.model_copy(update={"options": options}))
        trial = held_trial(shot, lambda _done, words: said.append(words))
        shot.close()
        assert trial.chosen == "layers"
        assert len(trial.told) == len(trial.scores["spatial"]) >= 3
        counts.append(len(said))
    assert 0 < counts[0] == counts[1] < counts[2]


def test_only_a_clear_win_replaces_the_default() -> None:
    """A candidate that is a little better, better in the mean alone, or better at two places stays out."""
    mine = [score(1e-3)] * 6
    assert choose({"layers": mine, "other": [score(8e-4)] * 6}, "layers") == "layers"
    assert choose({"layers": mine, "other": [score(1e-4)] * 6}, "layers") == "other"
    lucky = [score(1e-5)] * 4 + [score(2e-3)] * 2
    assert choose({"layers": mine, "other": lucky}, "layers") == "layers"
    assert choose({"layers": mine[:2], "other": [score(1e-5)] * 2}, "layers") == "layers"
    torn = [score(1e-4)] * 5 + [score(0.5)]
    assert choose({"layers": torn, "other": [score(1e-3)] * 6}, "layers") == "layers"


def test_a_rougher_place_is_expected_to_come_out_worse_than_the_probes() -> None:
    """Ten times the probes' texture in the hole: about 10 dB less; a wrong rim costs its own frames and those near."""
    trial = Trial("layers", {"layers": [score(1e-4)] * 4, "spatial": [score(1e-2)] * 4})
    alike = expect(trial, [facts(n) for n in range(30)])
    rough = expect(trial, [facts(n, rich=1e-2) for n in range(30)])
    assert 6 < alike.psnr_db - rough.psnr_db < 12
    wrong = expect(trial, [facts(n, rim=0.05 if n == 10 else 1e-5) for n in range(30)])
    curve = [entry["expected_psnr_db"] for entry in wrong.curves(1001)]
    assert curve[10] < curve[25] - 6
    assert curve[12] < curve[25] - 3
    assert wrong.psnr_db < alike.psnr_db


def test_what_was_never_seen_is_judged_by_painting() -> None:
    """A painted hole is expected as bad as the probes' painting; no probe speaks for a kind of pixel that it lacked."""
    trial = Trial("layers", {"layers": [score(1e-5)] * 4, "spatial": [score(1e-2)] * 4})
    painted = expect(trial, [facts(n, painted=1.0) for n in range(4)])
    assert painted.psnr_db < 22
    assert rate(trial, painted, {int(Origin.MOVER): 900}).covered == 0
    seen = rate(trial, expect(trial, [facts(0)]), {int(Origin.OWN): 900, int(Origin.MOVER): 300})
    assert seen.covered == 0.75
    assert seen.spread_db is not None
    assert seen.spread_db > 0
    assert rate(Trial("layers", {"layers": []}), painted, {}).samples == 0


def test_no_source_is_one_number_wherever_it_is_said() -> None:
    """A hole half own frames, a fifth paint and the rest a network's: frame, report and sentence count alike."""
    origin = np.zeros((60, 60), np.uint8)
    hole = np.zeros((60, 60), bool)
    hole[20:40, 20:40] = True
    origin[20:40, 20:40] = Origin.OWN
    origin[20:40, 20:24], origin[20:40, 24:30] = Origin.PAINTED, Origin.TRAINED
    grey, trace = np.full((60, 60, 3), 0.5, np.float32), np.full((60, 60, 3), np.nan, np.float32)
    fill = Fill(0, Region(0, 0, 60, 60), grey, origin, trace, 0.0)
    found = facts_of(grey, fill, hole)
    assert (found.unseen, found.painted) == (0.5, 0.2)
    trial = Trial("layers", {"layers": [score(1e-4)] * 4})
    assert expect(trial, [found]).curves(1001)[0]["never_seen"] == 0.5
    shares = fill.shares(hole)
    assert unseen_share(shares) == 0.5
    assert unseen_reasons(shares) == [
        "50.0% of the hole comes from no source, and 20.0% is painted from what stands around it."
    ]
    assert unseen_reasons({Origin.OWN: 300, Origin.NETWORK: 100}) == ["25.0% of the hole comes from no source."]
    paint = unseen_reasons({Origin.OWN: 300, Origin.PAINTED: 100})
    assert paint == ["25.0% of the hole was never seen in any frame and is painted from what stands around it."]
    assert unseen_reasons({Origin.OWN: 300}) == []


def test_the_rim_tells_a_performer_who_was_cut_off() -> None:
    """A fill that continues what stands around it has a clean rim; one that lacks a performer there has not."""
    plate = np.full((60, 60, 3), 0.5, np.float32)
    hole = np.zeros((60, 60), bool)
    hole[20:40, 20:40] = True
    origin = np.where(hole, np.uint8(Origin.OWN), np.uint8(0))
    trace = np.full((60, 60, 3), np.nan, np.float32)
    fill = Fill(0, Region(0, 0, 60, 60), plate + np.float32(0.002), origin, trace, 0.0)
    clean = rim_of(plate, fill, hole)
    performer = plate.copy()
    performer[:, 25:32] = 0.1
    cut = rim_of(performer, fill, hole)
    assert clean is not None
    assert clean.whole < 1e-5
    assert cut is not None
    assert cut.whole > 0.01
    assert cut.typical < 1e-4
    everywhere = rim_of(plate + np.float32(0.1), fill, hole)
    assert everywhere is not None
    assert everywhere.typical > 0.8 * everywhere.whole
    untouched = Fill(0, Region(0, 0, 60, 60), plate, origin, trace, 0.0)
    assert rim_of(plate, untouched, hole) is None


def test_somebody_beside_the_hole_counts_where_nobody_is_laid_behind_it() -> None:
    """Where somebody is laid the witnesses speak for him, each frame for itself; elsewhere what stands on the rim may
    be cut off by the matte."""
    trial = Trial("layers", {"layers": [score(1e-4)] * 4})
    alone, whole, doubtful, cut = (
        expect(trial, [facts(n, beside=part * (n < 10), doubt=doubt and doubt * (n < 10)) for n in range(60)])
        for part, doubt in ((0.0, None), (0.03, 1e-6), (0.03, 0.03), (0.03, None))
    )
    assert alone.psnr_db - whole.psnr_db < 0.5
    assert alone.psnr_db - doubtful.psnr_db > 10
    assert alone.psnr_db - cut.psnr_db > 10
    assert math.isclose(doubtful.errors[0], whole.errors[0] + 0.03, rel_tol=1e-3)
    assert doubtful.errors[15] == whole.errors[15]


def test_the_rim_beside_somebody_who_is_laid_tells_nothing_of_the_sources() -> None:
    """A performer who goes on behind the hole is wrong on most of its rim; what is left of it speaks for the place."""
    plate = np.full((80, 80, 3), 0.5, np.float32)
    hole = np.zeros((80, 80), bool)
    hole[20:60, 30:50] = True
    origin = np.where(hole, np.uint8(Origin.OWN), np.uint8(0))
    origin[20:45][hole[20:45]] = Origin.MOVER
    trace = np.full((80, 80, 3), np.nan, np.float32)
    fill = Fill(0, Region(0, 0, 80, 80), plate + np.float32(0.002), origin, trace, 0.0)
    performer = plate.copy()
    performer[:50] = 0.1
    found = rim_of(performer, fill, hole)
    assert found is not None
    assert found.whole > 0.05
    assert found.typical < 1e-4
    everywhere = replace(fill, origin=np.where(hole, np.uint8(Origin.MOVER), np.uint8(0)))
    nothing_left = rim_of(performer, everywhere, hole)
    assert nothing_left is not None
    assert math.isnan(nothing_left.typical)
    expected = expect(Trial("layers", {"layers": [score(1e-4)] * 4}), [facts_of(performer, everywhere, hole)])
    assert math.isfinite(expected.psnr_db)


def test_a_performer_in_a_probe_does_not_speak_for_the_sources() -> None:
    """Most of a probe counts: whoever walks through a part of it is another matter."""
    where = np.zeros((40, 40), bool)
    where[5:35, 5:35] = True
    errors = np.full((40, 40), 1e-4, np.float32)
    assert math.isclose(typical(errors, where), 1e-4, rel_tol=1e-3)
    errors[5:35, 5:14] = 0.1
    assert typical(errors, where) < 2e-4
    assert typical(np.full((40, 40), 0.1, np.float32), where) > 0.09


def test_a_mover_is_refused_where_he_makes_the_frame_bad_and_shown_to_somebody_where_he_may_be_torn(
    tmp_path: Path,
) -> None:
    """Who may be torn is named either way; that many frames of him are looked at by somebody, and refused where the
    frame rates itself badly for him."""
    shot = open_shot(request(tmp_path))
    trial = Trial("layers", {"layers": [score(1e-4)] * 6})
    judged = {}
    for torn, doubt in ((0.9, 1e-5), (0.9, 0.05), (0.0, 0.05), (0.0, 1e-5)):
        tally = Tally(frames=list(range(FRAMES)), torn=dict.fromkeys(range(FRAMES), torn))
        expected = expect(trial, [facts(n, doubt=doubt) for n in range(FRAMES)])
        rating = rate(trial, expected, Counter({int(Origin.OWN): 1000}))
        cut = cut_frames(tally, expected, shot.options.min_psnr_db)
        reasons, weak = judge(shot, tally, rating, expected)
        judged[torn, doubt] = (any("1001-1012" in reason for reason in reasons), weak, bool(cut), torn_often(tally))
    shot.close()
    assert judged == {
        (0.9, 1e-5): (True, False, False, True),
        (0.9, 0.05): (True, True, True, True),
        (0.0, 0.05): (True, True, True, False),
        (0.0, 1e-5): (False, False, False, False),
    }
