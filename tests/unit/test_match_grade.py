"""The parts of the colour match: decisions, fits, cubes, files and the way back from them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from wetgate.processors.colour_difference import difference
from wetgate.processors.match_grade.cdl import Cdl, Clamp
from wetgate.processors.match_grade.cube import fit_cube
from wetgate.processors.match_grade.deliver.edl import read_cdls, write_edl
from wetgate.processors.match_grade.deliver.files import write_cc, write_ccc, write_cube
from wetgate.processors.match_grade.deliver.readback import check_cdl_file, check_cube, check_edl
from wetgate.processors.match_grade.deliver.words import cuts, judged
from wetgate.processors.match_grade.fit import FULL, fit_cdl
from wetgate.processors.match_grade.match import match
from wetgate.processors.match_grade.options import Options
from wetgate.processors.match_grade.render import Renderer
from wetgate.processors.match_grade.samples import Samples
from wetgate.processors.match_grade.spaces import Space
from wetgate.processors.match_grade.store import Scores, ShotMatch
from wetgate.schema.errors import ProcessorError
from wetgate.schema.media import SourceClass
from wetgate.schema.outcome import Verdict
from wetgate.schema.request import Source

Colours = NDArray[np.float64]
WARM = Cdl(slope=(1.1, 1.0, 0.9), offset=(0.02, 0.0, -0.02), power=(0.95, 1.0, 1.1), saturation=0.85)
MEDIANS = {"median_before": 8, "median_after": 1, "psnr_before": 20, "psnr_after": 40, "pixels": 500}
CODES = Space("plate", "", False, "asc", "", Renderer(), Renderer())
"""The plate's own code values, seen as they are."""


def colours(count: int = 5000, seed: int = 3) -> Colours:
    """Colours as pictures have them: many near grey, few at the ends."""
    rng = np.random.default_rng(seed)
    grey = rng.beta(1.6, 1.8, (count, 1))
    return np.clip(grey + rng.normal(0, 0.12, (count, 3)), 0.02, 0.98)


def samples(before: Colours, after: Colours) -> Samples:
    """As drawn from a frame of blocks, every fifth held out."""
    block = np.arange(len(before)) // 50
    return Samples(before, after, np.ones(len(before)), block % 5 == 0, block, np.zeros(len(before), np.int64))


def shot(**changes: object) -> ShotMatch:
    """A shot that was matched well, with changes."""
    source = Source(path=Path("a.mov"), name="A001_C003")
    good: dict[str, object] = {
        "number": 0, "shot": source, "reference": Source(path=Path("b.mov"), name="B <ref> & 'co'"),
        "rate": Fraction(24000, 1001), "frames": 48, "timecode": "01:00:00:00", "reel": "A001R2EC",
        "working_space": "code values", "space_note": "", "basis": "aligned", "words": "same set-up",
        "model": "slope and offset", "kept": True, "cdl": WARM.rounded(), "cube": False,
        "scores": Scores(delta_e_before=8, delta_e_cdl=1, delta_e_after=1, **MEDIANS),
        "neutrals": None, "skin": None, "bias": (0.0, 0.0, 0.0), "pairs": ((0, 0),), "offset": 0,
    }  # fmt: skip
    return ShotMatch.model_validate(good | changes)


def unmatched(**changes: object) -> ShotMatch:
    """A shot that shares nothing with its reference."""
    return shot(basis="none", kept=False, cdl=Cdl(), scores=None, bias=None, words="they share no content", **changes)


@pytest.mark.parametrize("clamp", ["asc", "none"])
def test_our_arithmetic_is_opencolorios(clamp: Clamp) -> None:
    """Both clamp styles, below black and above white included."""
    values = np.random.default_rng(1).uniform(-0.3, 1.4, (500, 3)).astype(np.float32)
    decision = WARM.model_copy(update={"clamp": clamp})
    rendered = Renderer(decision.transform())(values)
    np.testing.assert_allclose(rendered, decision.apply(values), atol=5e-5)  # its powers are fast ones


def test_a_known_cdl_is_found_among_outliers() -> None:
    """With a fifth of the pairs showing something else, unseen colours come within dE2000 0.3 of the truth."""
    before = colours()
    after = WARM.apply(before)
    after[::5] = np.random.default_rng(2).random((len(after[::5]), 3))
    found = fit_cdl(samples(before, after), FULL, "asc", CODES.even)
    unseen = colours(seed=9)
    assert difference(found.apply(unseen), WARM.apply(unseen)).mean() < 0.3


def test_what_matches_is_left_alone() -> None:
    """Two noisy pictures of one thing give no grade, and say so."""
    before = colours()
    after = before + np.random.default_rng(4).normal(0, 0.004, before.shape)
    found = match(samples(before, after), CODES, cube=True)
    assert not found.kept
    assert found.cdl.is_identity and found.cube is None
    assert found.after == found.before


def test_noise_alone_is_never_graded() -> None:
    """Pairs that have nothing to do with each other are left alone, or gain on pixels held out of the fit."""
    rng = np.random.default_rng(6)
    found = match(samples(colours(seed=1), rng.permutation(colours(seed=2))), CODES, cube=True)
    assert found.after.delta_e <= found.before.delta_e
    assert found.kept or found.cdl.is_identity


def _creative(values: Colours) -> Colours:
    bent = values * values * (3 - 2 * values)
    warm = np.clip(values[:, :1] - values[:, 2:], 0, 1)
    return np.clip(0.5 * bent + 0.5 * values + warm * [0.0, 0.06, -0.08] + [0.03, 0.0, -0.02] * (2 * bent - 1), 0, 1)


def test_a_cube_comes_only_where_it_helps() -> None:
    """A CDL needs none; a creative look gets one and falls by a third at least, on colours never seen too."""
    before = colours()
    assert match(samples(before, WARM.apply(before)), CODES, cube=True).cube is None
    found = match(samples(before, _creative(before)), CODES, cube=True)
    assert found.cube is not None
    assert found.after.delta_e < found.cdl_alone.delta_e * 2 / 3
    unseen = colours(seed=9)
    alone = difference(found.cdl.apply(unseen), _creative(unseen)).mean()
    assert difference(found.renderer()(unseen), _creative(unseen)).mean() < alone * 2 / 3


def test_unseen_colours_stay_as_the_cdl_made_them() -> None:
    """A cube learnt on dark colours alone changes bright ones by less than a thousandth."""
    dark = colours() * 0.3
    cube = fit_cube(dark, dark + 0.02, np.ones(len(dark)), 0.03, (0.0, 1.0))
    assert np.abs(Renderer(*cube.transforms())(dark) - dark - 0.02).mean() < 0.004
    bright = np.array([[0.97, 0.97, 0.97]])
    assert np.abs(Renderer(*cube.transforms())(bright) - bright).max() < 1e-3


@pytest.mark.parametrize("clamp", ["asc", "none"])
def test_files_read_back_as_they_were_measured(tmp_path: Path, clamp: Clamp) -> None:
    """`.cc`, `.ccc` and EDL of two shots, in both clamp styles, whatever the names hold."""
    cdl = WARM.model_copy(update={"clamp": clamp}).rounded()
    shots = [shot(cdl=cdl), shot(number=1, shot=Source(path=Path("c"), name="été 2"), cdl=Cdl(clamp=clamp), reel=None)]
    assert check_cdl_file(write_cc(tmp_path / "one.cc", shots[0]), shots[:1]) < 1e-6
    assert check_cdl_file(write_ccc(tmp_path / "all.ccc", shots), shots) < 1e-6
    edl = write_edl(tmp_path / "all.edl", "GRADE", shots)
    assert check_edl(edl, shots) < 1e-6
    assert read_cdls(edl, [clamp, clamp]) == [one.cdl for one in shots]
    words = (tmp_path / "one.cc").read_text(encoding="utf-8")
    assert "Working space: code values" in words and "Before the show LUT" in words
    assert ("not clamped" in words) == (clamp == "none")


def test_the_edl_carries_source_timecode(tmp_path: Path) -> None:
    """Reel, source in and out, and the record side, which runs on from shot to shot."""
    text = write_edl(tmp_path / "all.edl", "GRADE", [shot(), shot()]).read_text(encoding="utf-8")
    first, second = (line for line in text.splitlines() if " V     C " in line)
    assert first.split() == ["001", "A001R2EC", "V", "C", "01:00:00:00", "01:00:02:00", "01:00:00:00", "01:00:02:00"]
    assert second.split()[-2:] == ["01:00:02:00", "01:00:04:00"]


def test_a_changed_file_is_caught(tmp_path: Path) -> None:
    """One digit of a slope, and the grade is not used."""
    path = write_cc(tmp_path / "one.cc", shot())
    path.write_text(path.read_text(encoding="utf-8").replace("<Slope>1.1", "<Slope>1.2"), encoding="utf-8")
    with pytest.raises(ProcessorError, match=r"one\.cc"):
        check_cdl_file(path, [shot()])


@pytest.mark.parametrize("domain", [(0.0, 1.0), (-0.5, 1.5)])
def test_a_cube_reads_back_with_its_domain(tmp_path: Path, domain: tuple[float, float]) -> None:
    """The `.cube` gives what was measured, inside its domain and clamped beyond, and its head says the space."""
    before = colours()
    cube = fit_cube(before, _creative(before), np.ones(len(before)), 0.03, domain)
    path = write_cube(tmp_path / "a.cube", cube, shot())
    assert check_cube(path, cube) < 1e-5
    assert "Working space" in path.read_text(encoding="ascii")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0.3, 3.0), min_size=10, max_size=10), st.sampled_from(["asc", "none"]))
def test_rounding_to_six_digits_costs_nothing(parts: list[float], clamp: Clamp) -> None:
    """What the files carry renders within 1e-5 of what was fitted."""
    cdl = Cdl(
        slope=(parts[0], parts[1], parts[2]),
        offset=(parts[3] / 9 - 0.2, parts[4] / 9 - 0.2, parts[5] / 9 - 0.2),
        power=(parts[6], parts[7], parts[8]),
        saturation=parts[9],
        clamp=clamp,
    )
    values = np.random.default_rng(8).random((200, 3))
    np.testing.assert_allclose(cdl.rounded().apply(values), cdl.apply(values), rtol=1e-4, atol=2e-4)


def test_verdicts() -> None:
    """A good match goes out, one from statistics or a weak one is asked about, nothing shared is refused."""
    options = Options()
    assert judged([shot()], options)[0] is Verdict.PUBLISH
    verdict, _, reasons = judged([shot(basis="statistics")], options)
    assert verdict is Verdict.ASK and "statistics" in reasons[0]
    weak = Scores(delta_e_before=9, delta_e_cdl=5, delta_e_after=5, **MEDIANS)
    verdict, _, reasons = judged([shot(scores=weak)], options)
    assert verdict is Verdict.ASK and "5.0" in reasons[0]
    verdict, summary, reasons = judged([unmatched()], options)
    assert verdict is Verdict.REFUSE and "leaving it alone" in summary and "same place" in reasons[0]


def test_what_matches_already_is_an_answer() -> None:
    """No grade, no doubt: it is said that nothing need be done."""
    same = Scores(delta_e_before=0.4, delta_e_cdl=0.4, delta_e_after=0.4, **(MEDIANS | {"median_before": 0.4}))
    verdict, summary, reasons = judged([shot(kept=False, cdl=Cdl(), scores=same)], Options())
    assert verdict is Verdict.PUBLISH and "match already" in summary and not reasons


def test_a_proxy_is_said() -> None:
    """A grade made on a proxy is not one for the camera original."""
    proxy = Source(path=Path("a.mov"), name="A001", source_class=SourceClass.PROXY)
    verdict, _, reasons = judged([shot(shot=proxy)], Options())
    assert verdict is Verdict.ASK and "proxy" in reasons[0]


def test_a_jump_at_a_cut_is_found() -> None:
    """Two neighbours whose rests point apart are named; those that err alike are not."""
    shots = [shot(bias=(1.5, 0, 0)), shot(bias=(1.4, 0, 0)), shot(bias=(-1.5, 0, 0)), unmatched()]
    assert len(cuts(shots)) == 1
    assert "2.9" in cuts(shots)[0]
