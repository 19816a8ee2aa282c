"""Grouping image sequences loses no file and invents none."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from wetgate.processors.survey import frames_of, group, is_pattern, pattern

STEM = st.sampled_from(["shot.", "A001_", "plate-v2.", "", "IMG_", "x"])
SUFFIX = st.sampled_from([".exr", ".dpx", ".jpg", ".PNG", ".mov", ".ari", ".wav", ".txt"])
NAME = st.builds(
    lambda stem, number, width, suffix: f"{stem}{number:0{width}}{suffix}",
    STEM,
    st.integers(0, 12000),
    st.integers(1, 7),
    SUFFIX,
)
FOLDER = Path("/roll/day [1] 50%")


@given(st.sets(NAME, max_size=60))
def test_every_file_is_in_exactly_one_place(names: set[str]) -> None:
    """Singles and the sequences' frames together are the folder's files, none twice."""
    sequences, singles = group(FOLDER, names)
    frames = [str(frame) for sequence in sequences for frame in sequence]
    assert sorted([*frames, *(f"{FOLDER}/{name}" for name in singles)]) == sorted(f"{FOLDER}/{n}" for n in names)


@given(st.sets(NAME, max_size=60))
def test_only_numbered_pictures_become_sequences(names: set[str]) -> None:
    """A sequence has two frames or more, one extension, and a pattern that is told from a file."""
    sequences, _ = group(FOLDER, names)
    for sequence in sequences:
        assert len(sequence) > 1
        assert sequence.extension().lower() not in {".mov", ".wav", ".txt"}
        assert is_pattern(Path(pattern(sequence)))


@given(st.integers(0, 9990), st.integers(2, 9), st.integers(3, 7))
def test_pattern_stays_while_frames_arrive(first: int, count: int, width: int) -> None:
    """However many frames are there, the path that stands for them is the same."""
    names = [f"shot.{number:0{width}}.exr" for number in range(first, first + count)]
    (some,), _ = group(FOLDER, names[:2])
    (whole,), rest = group(FOLDER, names)
    assert not rest
    assert pattern(some) == pattern(whole)
    assert len(whole) == count


def test_two_paddings_are_two_sequences() -> None:
    """`a.0001` and `a.000001` are not one clip."""
    names = [f"a.{n:04}.exr" for n in range(3)] + [f"a.{n:06}.exr" for n in range(3)]
    sequences, singles = group(FOLDER, names)
    assert (len(sequences), singles) == (2, [])


def test_numbered_stills_stay_single() -> None:
    """Photographs with one- or two-digit numbers are pictures of their own."""
    sequences, singles = group(FOLDER, ["plate1.jpg", "plate2.jpg", "t01.exr", "t02.exr"])
    assert (sequences, len(singles)) == ([], 4)


def test_odd_names_of_folders_and_files(tmp_path: Path) -> None:
    """A folder with pattern characters in its name, and a picture called `logo@2x.png`, are taken as they are."""
    folder = tmp_path / "day #1 @home %04d [x]"
    folder.mkdir()
    for name in ("shot.1001.exr", "shot.1002.exr", "logo@2x.png", "odd@.png"):
        (folder / name).touch()
    (sequence,), singles = group(folder, [path.name for path in folder.iterdir()])
    assert [number for number, _ in frames_of(Path(pattern(sequence)))] == [1001, 1002]
    assert sorted(singles) == ["logo@2x.png", "odd@.png"]
    assert not any(is_pattern(folder / name) for name in singles)
