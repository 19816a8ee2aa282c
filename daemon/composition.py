"""Puts the house together: the one place that knows every room."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..schema.job import Lane
from ..schema.outcome import Outcome
from ..schema.settings import Settings, ShowSettings
from ..schema.tables import ClipRow, VersionRow
from . import plugins
from .configuration import Configuration
from .desk.desk import Desk, ShowDesk
from .desk.orders import Orders
from .desk.planning import Planner
from .desk.results import Receiver
from .health import Health
from .ingest.days import Days
from .ingest.ingest import Ingest
from .ingest.kind import survey_kind
from .lock import DaemonLock
from .logging import LogForm
from .pages import Pages
from .publish.answer import Answers
from .publish.returns import write_return
from .publish.version import Publisher
from .queue.dispatcher import Dispatcher, LanePlan
from .queue.limits import Limits
from .service import Part, Service
from .store import Database
from .store.index import Index
from .store.jobs import Jobs
from .store.ledger import Ledger
from .store.results import Results
from .store.tasks import Tasks
from .trackers import Trackers

PUBLISH_THREADS = 2


def database_url(settings: Settings) -> str:
    """Where the database is: the setting, or SQLite inside the workspace."""
    if settings.database_url is not None:
        return settings.database_url.get_secret_value()
    return f"sqlite:///{settings.work_root / 'wetgate.db'}"


class House:
    """Every room, built from the settings; nothing runs until a part is started."""

    def __init__(self, configuration: Configuration) -> None:
        """Open the database and bring its tables up to date."""
        self.configuration = configuration
        self.settings = configuration.settings
        self.settings.work_root.mkdir(parents=True, exist_ok=True)
        self.log_form = LogForm(
            form=self.settings.log, level=self.settings.log_level, secrets=configuration.secrets()
        )
        self.database = Database(database_url(self.settings))
        self.database.migrate()
        self.lock = DaemonLock(self.settings.work_root, self.database)
        self.health = Health()
        self.jobs, self.index = Jobs(self.database), Index(self.database)
        self.tasks, self.results = Tasks(self.database), Results(self.database)
        self.trackers = Trackers(self.settings.trackers, self.settings.work_root)
        self.answers = Answers(
            jobs=self.jobs, tasks=self.tasks, ledger=Ledger(self.database), tracker_for=self.trackers.for_thread
        )
        self.publisher = Publisher(
            self.settings.shows,
            jobs=self.jobs,
            tasks=self.tasks,
            results=self.results,
            ledger=Ledger(self.database),
            answers=self.answers,
            tracker_for=self.trackers.for_thread,
            return_timeline=self._return_timeline,
        )
        self.receiver = Receiver(
            self.settings.shows,
            index=self.index,
            results=self.results,
            tasks=self.tasks,
            answers=self.answers,
            publisher=self.publisher,
        )
        self.days = Days(self.index, self.jobs, self.settings.work_root)
        self.desks: list[Desk] = []
        self.dispatcher = self._dispatcher()

    def show_folder(self, show: str) -> Path:
        """The show's own folder in the workspace."""
        return self.settings.work_root / show

    def ingest(self, show: str, settings: ShowSettings | None = None) -> Ingest:
        """The show's way from storage into the index; a show without settings has the defaults."""
        settings = settings or self.settings.shows.get(show, ShowSettings())
        return Ingest(
            self.database,
            show,
            settings.roots,
            self.settings.ingest,
            jobs=self.jobs,
            index=self.index,
            folder=self.show_folder(show),
            queued=self.dispatcher.wake,
        )

    def service(self) -> Service:
        """The whole daemon."""
        self.log_form.configure()
        self.desks = [self._desk(name) for name in self.settings.trackers if self._shows_of(name)]
        pages = Pages(self.database, self.settings.work_root, self.settings.pages, self.health)
        parts: list[Part] = [
            Locked(self.lock),
            *(SandboxPart(self.trackers, name, self._shows_of(name)) for name in self.trackers.sandboxes),
            pages,
            self.dispatcher,
            *(self.ingest(show) for show in self.settings.shows),
            *self.desks,
        ]
        addresses = Addresses(self.settings.work_root / "run", pages, self.trackers)
        return Service(
            parts, self.settings.workers.drain_seconds, health=self.health, on_ready=addresses.write
        )
