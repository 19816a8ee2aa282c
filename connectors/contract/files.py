"""What is sent with a version."""

from __future__ import annotations

from pathlib import Path

import pytest

from ...schema.errors import TrackerRejected
from ...schema.tracker import Ability, MediaKind
from .bench import Bench
from .calls import retried
from .drafts import draft
from .pictures import Pictures


class FileContract(Pictures):
    """Files, each sent once."""

    @pytest.mark.parametrize("kind", list(MediaKind))
    def test_a_file_is_sent_once(self, bench: Bench, picture: Path, kind: MediaKind) -> None:
        """The same file sent again is there once."""
        version = bench.tracker.publish(draft(bench, bench.make_task("cleanup")))
        bench.tracker.upload(version, kind, picture)
        bench.another().upload(version, kind, picture)
        able = kind is not MediaKind.FILMSTRIP or Ability.FILMSTRIP in bench.tracker.abilities
        assert list(bench.files(version)) == ([picture.name] if able else [])

    def test_an_empty_file_is_refused(self, bench: Bench, tmp_path: Path) -> None:
        """A file without content is refused by name before anything is sent."""
        version = bench.tracker.publish(draft(bench, bench.make_task("cleanup")))
        empty = tmp_path / "empty.mp4"
        empty.touch()
        with pytest.raises(TrackerRejected, match=r"empty\.mp4"):
            bench.tracker.upload(version, MediaKind.MOVIE, empty)

    @pytest.mark.parametrize("kind", list(MediaKind))
    def test_a_lost_answer_sends_no_second_file(self, bench: Bench, picture: Path, kind: MediaKind) -> None:
        """A file that arrived though its answer was lost is there once."""
        version = bench.tracker.publish(draft(bench, bench.make_task("cleanup")))
        if kind is MediaKind.FILMSTRIP and Ability.FILMSTRIP not in bench.tracker.abilities:
            # What a tracker cannot do is declared and not faked: there is nothing to be sent twice.
            pytest.skip("declared: this tracker has no filmstrips")
        bench.lose_answers("upload")
        retried(bench.tracker.upload, version, kind, picture)
        assert list(bench.files(version)) == [picture.name]
