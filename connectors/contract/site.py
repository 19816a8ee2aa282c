"""What a connector says of its site: that it is down, that it is set up."""

from __future__ import annotations

import pytest

from ...schema.errors import PublishError, TrackerUnavailable, WetgateError
from ...schema.ports import Tracker
from .bench import Bench
from .calls import retried
from .drafts import draft, note_draft


class SiteContract:
    """The connector as a whole."""

    def test_is_a_tracker(self, bench: Bench) -> None:
        """The connector has every method of the port and names its key field."""
        assert isinstance(bench.tracker, Tracker)
        assert bench.tracker.key_field

    @pytest.mark.parametrize("call", ["publish", "note", "set_status"])
    def test_a_site_that_is_down_is_worth_another_try(self, bench: Bench, call: str) -> None:
        """While the site is down the error says that it may work later; then it does, once."""
        task = bench.make_task("cleanup")
        arguments: dict[str, tuple[object, ...]] = {
            "publish": (draft(bench, task),),
            "note": (note_draft(bench, task),),
            "set_status": (task, bench.busy),
        }
        bench.refuse(call)
        method = getattr(bench.tracker, call)
        with pytest.raises((TrackerUnavailable, PublishError)) as caught:
            method(*arguments[call])
        assert caught.value.retryable
        retried(method, *arguments[call])
        made = bench.versions(draft(bench, task).key) + bench.notes(note_draft(bench, task).key)
        assert made == (0 if call == "set_status" else 1)

    def test_errors_keep_the_secret(self, bench: Bench) -> None:
        """No error shows what the connector logs in with."""
        task = bench.make_task("cleanup")
        bench.refuse("publish")
        for attempt in (
            lambda: bench.tracker.publish(draft(bench, task)),
            lambda: bench.tracker.set_status(task, "nonsense"),
            lambda: bench.tracker.task(task.model_copy(update={"id": "999999"})),
        ):
            with pytest.raises(WetgateError) as caught:
                attempt()
            assert bench.secret not in str(caught.value)

    def test_a_sound_site_has_no_problems(self, bench: Bench) -> None:
        """The doctor finds nothing on a site that is set up."""
        assert list(bench.tracker.check(bench.project, [bench.ready, bench.review])) == []

    def test_the_doctor_names_what_is_missing(self, bench: Bench) -> None:
        """An unknown project and status are named, each with what to change."""
        problems = bench.tracker.check("NO SUCH SHOW", ["zzz"])
        assert any("NO SUCH SHOW" in problem.what for problem in problems)
        assert any("zzz" in problem.what for problem in problems)
        assert all(problem.mend for problem in problems)
