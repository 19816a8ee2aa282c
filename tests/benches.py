"""What the benches of all trackers share: connectors that end with the test, faults on order, projects' names."""

from __future__ import annotations

import itertools
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from wetgate.connectors.contract import Bench, draft
from wetgate.daemon.sandbox import Fault
from wetgate.daemon.sandbox.control import Entries
from wetgate.daemon.sandbox.faults import FaultPlan
from wetgate.daemon.sandbox.server import PracticeServer
from wetgate.schema.ports import Tracker
from wetgate.schema.tracker import EntityRef

_projects = itertools.count(1)

Server = TypeVar("Server", bound=PracticeServer[Any])
Connector = TypeVar("Connector", bound=Tracker)
AnyBench = TypeVar("AnyBench", bound="FaultBench[Any]")


def new_project() -> str:
    """A project's name that no other test has."""
    return f"SHOW{next(_projects)}"


class Practised(Generic[Server]):
    """A practice site that was started, its faults, and whom a test let in with the vendor's client."""

    def __init__(self, sandbox: Server) -> None:
        """Start it; it was made with faults."""
        sandbox.start()
        assert sandbox.faults is not None
        self.sandbox, self.faults = sandbox, sandbox.faults
        self._clients: list[Any] = []

    def close(self) -> None:
        """Close clients and server."""
        for client in self._clients:
            client.close()
        self.sandbox.stop()


class FaultBench(Bench, Generic[Connector]):
    """A site as the contract's bench; `loss` says how its answers get lost."""

    kind: Callable[..., Connector]
    """The connector of such a site."""
    places: ClassVar[Mapping[str, Sequence[Mapping[str, str]]]]
    """Where a call of the port is met on the way to this site, as parts of a `Fault`; `read` is any that only asks."""

    def __init__(
        self, faults: FaultPlan, loss: Fault, project: str, login: tuple[str, str, str], **options: Any
    ) -> None:
        """*faults* is the plan of what stands before the site; *login* and *options* are every connector's."""
        self.faults, self._loss, self.project = faults, loss, project
        self.url, self.script_name, self.secret = login
        self._options = options
        self._orders: list[Fault] = []
        self._connectors: list[Connector] = []
        faults.set()
        self.tracker: Tracker = self.connector()

    def another(self) -> Connector:
        return self.connector()

    def connector(self, **options: Any) -> Connector:
        """A connector with other settings, closed with the bench."""
        made = self.kind(self.url, self.script_name, self.secret, **{**self._options, **options})
        self._connectors.append(made)
        return made

    def new_version(self) -> EntityRef:
        """A version of a task of its own."""
        return self.tracker.publish(draft(self, self.make_task("cleanup")))

    def close(self) -> None:
        """Close every connector; the site is left without faults."""
        self.faults.set()
        for connector in self._connectors:
            connector.close()

    @abstractmethod
    def delete_version(self, version: EntityRef) -> None:
        """A person deletes a version."""

    @abstractmethod
    def forbid(self, *, writing: bool) -> None:
        """Take our user's right to write away, or (False) give it back."""

    def lose_answers(self, call: str, count: int = 1) -> None:
        self.order(call, self._loss.model_copy(update={"when": "after", "times": count}))

    def refuse(self, call: str, count: int = 1) -> None:
        self.order(call, Fault(action="status", status=503, when="before", times=count))

    def order(self, call: str, fault: Fault) -> None:
        """One more fault, which such a call meets."""
        self._orders += [fault.model_copy(update=dict(place)) for place in self.places[call]]
        self.faults.set(*self._orders)


class PracticeBench(FaultBench[Connector]):
    """A practice site as the bench: its log of events obeys."""

    entries: Entries

    @abstractmethod
    def change_often(self, task: EntityRef, times: int) -> None:
        """A person changes a task so many times at once."""
