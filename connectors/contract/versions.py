"""What we publish, and what becomes of it."""

from __future__ import annotations

import pytest

from ...schema.tracker import Ability, FileDraft
from .bench import Bench
from .calls import retried
from .drafts import draft


class VersionContract:
    """Versions, each made once, and where they are listed."""

    def test_a_version_is_made_once(self, bench: Bench) -> None:
        """Publishing the same key again gives the same version."""
        task = bench.make_task("cleanup")
        version = draft(bench, task)
        assert bench.tracker.find_version(version.key) is None
        made = bench.tracker.publish(version)
        assert bench.another().publish(version).id == made.id
        found = bench.tracker.find_version(version.key)
        assert found is not None
        assert found.id == made.id
        assert bench.versions(version.key) == 1

    def test_keys_differ_by_case(self, bench: Bench) -> None:
        """Two keys that differ by case alone are two versions."""
        task = bench.make_task("cleanup")
        one = bench.tracker.publish(draft(bench, task, "a"))
        other = bench.tracker.publish(draft(bench, task, "A"))
        assert one.id != other.id

    def test_reviews_say_who_decided(self, bench: Bench) -> None:
        """A version's status comes with the login of the person who set it."""
        task = bench.make_task("cleanup")
        made = draft(bench, task)
        version = bench.tracker.publish(made)
        (before,) = bench.tracker.reviews(task)
        assert (before.key, before.version.id, before.by) == (made.key, version.id, "")
        login = bench.review_version(version, bench.final)
        (after,) = bench.tracker.reviews(task)
        assert (after.status, after.by) == (bench.final, login)

    def test_files_are_registered_once(self, bench: Bench) -> None:
        """Published files stand by their path, each once; without the ability nothing happens."""
        version = bench.tracker.publish(draft(bench, bench.make_task("cleanup")))
        files = [
            FileDraft(name="SH010_v001", kind="Rendered Image", path="/show/SH010/v001/master.%04d.exr", number=1),
            FileDraft(name="SH010_v001", kind="Movie", path="/show/SH010/v001/review.mp4", number=1),
        ]
        bench.tracker.register(version, files)
        bench.another().register(version, files)
        able = Ability.PUBLISHED_FILES in bench.tracker.abilities
        assert sorted(bench.registered(version)) == (sorted(file.path for file in files) if able else [])

    def test_a_playlist_of_the_day(self, bench: Bench) -> None:
        """Versions come on one playlist of a name, each once, in the order in which they were put there."""
        task = bench.make_task("cleanup")
        versions = [bench.tracker.publish(draft(bench, task, key)) for key in ("1", "2")]
        name = f"{bench.project} Wetgate 2026-11-25"
        for version in (*versions, versions[0]):
            bench.another().playlist(bench.project, name, version)
        able = Ability.PLAYLISTS in bench.tracker.abilities
        assert list(map(list, bench.playlists(name))) == ([[one.id for one in versions]] if able else [])

    @pytest.mark.parametrize("lost", [1, 2])
    def test_a_lost_answer_makes_no_second_version(self, bench: Bench, lost: int) -> None:
        """A version that was made though its answer was lost is found and not made again."""
        version = draft(bench, bench.make_task("cleanup"))
        bench.lose_answers("publish", lost)
        retried(bench.tracker.publish, version)
        assert bench.versions(version.key) == 1
