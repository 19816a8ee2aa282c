"""What a survey says of a file, and how it refuses one."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import footage
import numpy as np
import pytest
from images import Image, read_image
from made_media import frames, movie, scene, tiny_clips, wave
from wetgate.processors.survey import Survey, survey
from wetgate.processors.survey.text import plain_text
from wetgate.schema.errors import SourceOffline, UnreadableMedia


def look(path: Path, out: Path) -> Survey:
    """Survey one path."""
    return survey(path, path.parent.parent, out, lambda _share, _doing: None)


def poster_of(found: Survey, out: Path) -> Image:
    """The poster that a survey wrote, HxWx3 BGR."""
    return read_image(out / str(found.thumbnail))


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(25), Fraction(60000, 1001)])
def test_rate_timecode_and_reel_are_exact(tmp_path: Path, rate: Fraction) -> None:
    """A QuickTime's rate is the exact fraction, and its timecode track and reel are read."""
    path = movie(tmp_path / "A001.mov", 30, rate=rate, timecode="01:02:03:04", reel="A001R2EC")
    facts = look(path, tmp_path / "out").facts
    assert facts.video is not None
    assert (facts.video.rate, facts.video.frames, facts.video.variable_rate) == (rate, 30, False)
    assert (facts.timecode, facts.reel) == ("01:02:03:04", "A001R2EC")


def test_drop_frame_timecode_keeps_its_semicolon(tmp_path: Path) -> None:
    """Drop-frame timecode stays drop-frame."""
    path = movie(tmp_path / "d.mov", 4, rate=Fraction(30000, 1001), timecode="00:59:59;28")
    assert look(path, tmp_path / "out").facts.timecode == "00:59:59;28"


def test_uneven_pace_is_said(tmp_path: Path) -> None:
    """Frames that come at uneven times are a variable rate; even ones in milliseconds are not."""
    uneven = movie(tmp_path / "v.mkv", 20, rate=25, times=lambda n: n * 40 + (200 if n > 9 else 0))
    even = movie(tmp_path / "c.mkv", 20, rate=Fraction(24000, 1001), times=lambda n: round(n * 1001 / 24))
    video = [look(path, tmp_path / "out").facts.video for path in (uneven, even)]
    assert video[0] is not None and video[0].variable_rate
    assert video[1] is not None and not video[1].variable_rate
    assert video[1].rate == Fraction(24000, 1001)


def test_anamorphic_pixels_are_stated_and_the_poster_is_unsqueezed(tmp_path: Path) -> None:
    """A pixel aspect of 2:1 is a fact, and the poster is twice as wide as stored."""
    path = movie(tmp_path / "ana.mov", 4, aspect=Fraction(2), picture=lambda _: scene(1, 96, 96))
    found = look(path, tmp_path / "out")
    assert found.facts.video is not None and found.facts.video.pixel_aspect == "2:1"
    poster = poster_of(found, tmp_path / "out")
    assert poster.shape == (96, 192, 3)


def test_poster_has_the_pictures_values(tmp_path: Path) -> None:
    """White stays white and black stays black: the range is widened as the tags say."""
    halves = np.zeros((96, 96, 3), np.uint8)
    halves[:, 48:] = 255
    found = look(movie(tmp_path / "bw.mov", 2, picture=lambda _: halves), tmp_path / "out")
    poster = poster_of(found, tmp_path / "out")
    assert poster[:, :40].mean() < 4
    assert poster[:, 56:].mean() > 251


def test_sequence_is_one_clip_with_its_headers(tmp_path: Path) -> None:
    """An EXR sequence gives its rate, timecode, reel, gaps and one clip named after it."""
    headers = {"FramesPerSecond": (24000, 1001), "smpte:TimeCode": (0x01020304, 0), "reelName": "B002"}
    for path in frames(tmp_path / "plates", range(1001, 1011), attributes=headers):
        if path.name == "shot.1005.exr":
            path.unlink()
    found = look(tmp_path / "plates" / "shot.#.exr", tmp_path / "out")
    video = found.facts.video
    assert video is not None
    assert (found.name, video.frames, video.rate, video.codec) == ("shot", 9, Fraction(24000, 1001), "exr")
    assert (found.facts.timecode, found.facts.reel) == ("01:02:03:04", "B002")
    assert "1005" in (found.facts.note or "")


def test_header_in_another_encoding_is_no_fault(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 in a header's text do not refuse a good picture, and are kept as Latin-1."""
    (path,) = frames(tmp_path / "p", range(1, 2), attributes={"reelName": "Caf@ reel"})
    path.write_bytes(path.read_bytes().replace(b"Caf@ reel", b"Caf\xe9 reel"))
    found = look(path, tmp_path / "out")
    assert found.facts.reel == "Café reel"
    assert Survey.model_validate_json(found.model_dump_json()) == found


def test_text_of_headers_is_fit_for_a_database() -> None:
    """Control characters become blanks, stray bytes Latin-1, and what is left can be encoded."""
    assert plain_text("A001\x00\x01R2\n") == "A001  R2"
    assert plain_text("Caf\udce9 \ud83d") == "Café ="


def test_sequence_without_a_rate_says_what_was_taken(tmp_path: Path) -> None:
    """PNG frames state no rate: 24 is taken, and the note says so."""
    frames(tmp_path / "p", range(1, 4), suffix=".png")
    facts = look(tmp_path / "p" / "shot.#.png", tmp_path / "out").facts
    assert facts.video is not None and facts.video.rate == 24
    assert "no frame rate" in (facts.note or "")


def test_damaged_frame_is_named(tmp_path: Path) -> None:
    """One bad frame of a sequence refuses it, and the sentence names that frame."""
    paths = frames(tmp_path / "p", range(1, 4))
    paths[1].write_bytes(paths[1].read_bytes()[:200])
    with pytest.raises(UnreadableMedia, match=r"shot\.0002\.exr"):
        look(tmp_path / "p" / "shot.#.exr", tmp_path / "out")


def test_sound_is_indexed_with_the_recorders_words(tmp_path: Path) -> None:
    """A recorder's WAV is sound with scene, take and tape as words, and the tape as its reel."""
    ixml = "<BWFXML><SCENE>A101</SCENE><TAKE>2</TAKE><TAPE>18Y12</TAPE><NOTE>plane overhead</NOTE></BWFXML>"
    found = look(wave(tmp_path / "x_2.wav", ixml), tmp_path / "out")
    assert found.facts.video is None
    assert (found.facts.audio[0].sample_rate, found.facts.audio[0].channels) == (48000, 1)
    assert found.facts.reel == "18Y12"
    assert {"a101", "scene", "take2", "plane", "mixpre"} <= set(found.words.split())


def test_recorders_clock_becomes_timecode(tmp_path: Path) -> None:
    """Samples since midnight at 25 frames/s are the first sample's timecode; without a stated rate there is none."""
    speed = "<BWFXML><SPEED><TIMECODE_RATE>25/1</TIMECODE_RATE><TIMECODE_FLAG>NDF</TIMECODE_FLAG></SPEED></BWFXML>"
    assert look(wave(tmp_path / "x.wav", speed), tmp_path / "out").facts.timecode == "01:00:00:00"
    assert look(wave(tmp_path / "y.wav", None), tmp_path / "out").facts.timecode is None


def test_turned_camera_gives_an_upright_poster(tmp_path: Path) -> None:
    """A display matrix that turns the picture by 90 degrees turns the poster the same way."""
    corner = np.zeros((64, 96, 3), np.uint8)
    corner[:32, :48, 0] = 255
    found = look(movie(tmp_path / "turned.mov", 3, picture=lambda _: corner, rotation=90), tmp_path / "out")
    assert found.facts.video is not None and found.facts.video.rotation == 90
    poster = poster_of(found, tmp_path / "out")
    assert poster.shape == (96, 64, 3)
    assert [poster[y, x, 2] > 128 for y, x in ((10, 10), (10, 50), (80, 10), (80, 50))] == [False, False, True, False]
    assert "vertical" in found.words.split()


def test_real_recorder_files_name_scene_and_take() -> None:
    """Sound Devices files give project, scene, take and tape."""
    path = footage.shared("bwf_wavinfo/A101_2.WAV")
    words = survey(path, path.parent, Path("/nonexistent"), lambda _share, _doing: None).words.split()
    assert {"bmh", "a101", "take2", "18y12m31"} <= set(words)


def test_hostile_ixml_is_passed_over(tmp_path: Path) -> None:
    """iXML that defines entities is not read, and the sound is still indexed."""
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><BWFXML><SCENE>&b;</SCENE></BWFXML>'
    found = look(wave(tmp_path / "b.wav", bomb), tmp_path / "out")
    assert "aaaa" not in found.words


@pytest.mark.parametrize("name", ["A001.R3D", "A002.braw", "A003.ari"])
def test_camera_raw_is_indexed_without_being_decoded(tmp_path: Path, name: str) -> None:
    """Camera raw is never refused: it is hashed, found by name, and the note says that it is not decoded."""
    path = tmp_path / name
    path.write_bytes(b"\x00\x01RED2" + bytes(range(256)) * 4)
    found = look(path, tmp_path / "out")
    assert "not decoded here" in (found.facts.note or "")
    assert len(found.content_hash) == 64
    assert path.stem.lower() in found.words.split()


def test_editorial_papers_are_indexed_as_such(tmp_path: Path) -> None:
    """An EDL is kept to be found; a text file of another kind is refused with its name."""
    edl = tmp_path / "cut.edl"
    edl.write_text("TITLE: REEL 1\nFCM: NON-DROP FRAME\n")
    assert look(edl, tmp_path / "out").facts.container == "editorial"
    other = tmp_path / "notes.edl"
    other.write_text("call the lab\n")
    with pytest.raises(UnreadableMedia, match=r"notes\.edl is a text file"):
        look(other, tmp_path / "out")


def _refusals() -> dict[str, tuple[bytes, str]]:
    clip = tiny_clips()(1)
    return {
        "empty.mov": (b"", "is empty"),
        "reserved.mxf": (bytes(70000), "nothing but zeros"),
        "stub.mov": (b"abcde", "text file"),
        "noise.mp4": (np.random.default_rng(3).bytes(9000), "not media"),
        "cut.mp4": (clip[: clip.index(b"mdat") + 300], "not finished"),
        "bundle.zip": (b"PK\x03\x04" + bytes(range(200)), "ZIP archive"),
        "picture.png": (b"\x89PNG\r\n\x1a\n" + bytes(range(64)), "picture"),
        "list.m3u8": (b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n", "text file"),
    }


@pytest.mark.parametrize("name", _refusals())
def test_refusal_names_file_and_fault(tmp_path: Path, name: str) -> None:
    """What cannot be read is refused with a sentence that names the file and says what is wrong."""
    content, words = _refusals()[name]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnreadableMedia) as caught:
        look(path, tmp_path / "out")
    assert name in str(caught.value)
    assert words in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_missing_file_is_offline_not_unreadable(tmp_path: Path) -> None:
    """A file that is gone is worth another try: its storage may be away."""
    with pytest.raises(SourceOffline, match=r"gone\.mov"):
        look(tmp_path / "gone.mov", tmp_path / "out")


def test_playlist_inside_a_movie_name_opens_nothing_else(tmp_path: Path) -> None:
    """A file list dressed as a movie does not make us open what it names."""
    movie(tmp_path / "secret.mov", 2)
    trap = tmp_path / "trap.mov"
    trap.write_bytes(b"ffconcat version 1.0\n\xff\nfile secret.mov\n")
    with pytest.raises(UnreadableMedia, match=r"trap\.mov"):
        look(trap, tmp_path / "out")


def test_broken_off_movie_is_indexed_with_what_is_there(tmp_path: Path) -> None:
    """A movie whose end is missing is indexed up to its last good picture, and the note says how far."""
    whole = movie(tmp_path / "whole.mov", 48, picture=scene, codec="mpeg4").read_bytes()
    at = whole.rindex(b"mdat")
    moov = whole.rindex(b"moov") - 4
    assert moov > at
    broken = tmp_path / "broken.mov"
    half = at + 4 + (moov - at) // 2
    broken.write_bytes(whole[:half] + bytes(moov - half) + whole[moov:])
    found = look(broken, tmp_path / "out")
    assert found.facts.video is not None
    assert 0 < found.facts.video.frames <= 48


def test_same_bytes_have_the_same_hash_and_other_bytes_another(tmp_path: Path) -> None:
    """The content hash follows the bytes, not the name."""
    make = tiny_clips()
    for name, number in (("a.mp4", 1), ("b.mp4", 1), ("c.mp4", 2)):
        (tmp_path / name).write_bytes(make(number))
    hashes = [look(tmp_path / name, tmp_path / "out").content_hash for name in ("a.mp4", "b.mp4", "c.mp4")]
    assert hashes[0] == hashes[1] != hashes[2]


def test_sequence_hash_follows_names_and_order(tmp_path: Path) -> None:
    """The same frames under other numbers are another sequence."""
    frames(tmp_path / "one", range(1001, 1004))
    frames(tmp_path / "two", range(1002, 1005))
    hashes = {look(tmp_path / folder / "shot.#.exr", tmp_path / "out").content_hash for folder in ("one", "two")}
    assert len(hashes) == 2


def test_survey_crosses_the_pipe_as_json(tmp_path: Path) -> None:
    """A survey round-trips through JSON, fractions included."""
    found = look(movie(tmp_path / "j.mov", 3, rate=Fraction(24000, 1001)), tmp_path / "out")
    assert Survey.model_validate(found.model_dump(mode="json")) == found
