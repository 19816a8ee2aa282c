"""What would go out for a show that is not served waits, and goes out in its order when it is served again."""

from __future__ import annotations

import pytest
from wetgate.daemon.queue.endings import Endings
from wetgate.daemon.queue.failures import describe
from wetgate.daemon.store import Database
from wetgate.daemon.store.board import BoardReader
from wetgate.daemon.store.jobs import Jobs
from wetgate.daemon.store.unfit import Unfit
from wetgate.schema.errors import NotPermitted, TrackerRejected
from wetgate.schema.job import Job, Lane, Order

WHY = "API create() Entity of type Note cannot be created by this user."


class House:
    """A queue with some answers of PINE and one of OAK."""

    def __init__(self, database: Database) -> None:
        self.database, self.jobs, self.unfit = database, Jobs(database), Unfit(database)
        self.endings = Endings(database, self.jobs, {})
        self.pine = [self._queue("PINE", Lane.TELL) for _ in range(3)]
        self.oak = self._queue("OAK", Lane.TELL)
        self.work = self._queue("PINE", Lane.PROCESS)

    def _queue(self, show: str, lane: Lane) -> int:
        with self.database.write() as session:
            return self.jobs.enqueue(session, Order(show=show, kind="answer", lane=lane))

    def claim(self, count: int = 1) -> list[Job]:
        """What may begin now."""
        return self.jobs.claim({Lane.TELL: count, Lane.PROCESS: count}, 60.0)


@pytest.fixture
def house(database: Database) -> House:
    """On each database."""
    return House(database)


def refuse(house: House, error: Exception) -> None:
    """The tracker refuses the first answer."""
    (job,) = house.jobs.claim({Lane.TELL: 1}, 60.0)
    assert job.id == house.pine[0]
    house.endings.failed(job, *describe(error))


def test_what_is_refused_holds_the_shows_other_answers(house: House) -> None:
    """One refusal is enough: no other answer of the show is sent, its work and the other show go on."""
    refuse(house, NotPermitted(WHY))
    assert {job.id for job in house.claim(9)} == {house.oak, house.work}
    assert house.unfit.told() == {"PINE": WHY}


def test_with_the_right_back_all_of_it_goes_out_in_its_order(house: House) -> None:
    """What was refused first comes first, and nothing twice."""
    refuse(house, NotPermitted(WHY))
    house.claim(9)
    house.unfit.served("PINE", at_once=True)
    assert [job.id for job in house.claim(9)] == house.pine
    assert house.claim(9) == []


def test_what_nothing_was_found_wrong_with_is_tried_less_and_less(house: House) -> None:
    """Where the look at the show found nothing, the others go out, and what was refused keeps its pause."""
    refuse(house, NotPermitted(WHY))
    house.claim(9)
    house.unfit.served("PINE", at_once=False)
    assert [job.id for job in house.claim(9)] == house.pine[1:]
    assert house.jobs.get(house.pine[0]).run_after > house.jobs.get(house.pine[1]).run_after


def test_another_refusal_holds_nothing(house: House) -> None:
    """What the site refuses for another reason ends, and the others go out."""
    refuse(house, TrackerRejected("The site has no such status."))
    assert [job.id for job in house.claim(9) if job.lane is Lane.TELL] == [*house.pine[1:], house.oak]
    assert house.jobs.get(house.pine[0]).state == "failed"


def test_the_page_says_what_waits_for_which_right(house: House) -> None:
    """At the show, and at each job."""
    refuse(house, NotPermitted(WHY))
    board = BoardReader(house.database).read("PINE")
    assert board.attention[0].why == f"{WHY} Until it is, 3 answers wait and then go out by themselves."
    told = {job.id: job.why for job in board.jobs}
    assert told[house.pine[1]] == f"Waits until the show is served again: {WHY}"
    assert WHY not in told[house.work]
