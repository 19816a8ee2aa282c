"""Puts the house together: the one place that knows every room."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from ..schema.job import Lane
from ..schema.outcome import Outcome
from ..schema.settings import ShowSettings
from ..schema.tables import ClipRow, VersionRow
from . import plugins
from .configuration import Configuration, database_url
from .desk.clerk import Clerk
from .desk.desk import Desk
from .desk.drawings import Drawings
from .desk.ears import Ears
from .desk.known import Known
from .desk.landing import Landing
from .desk.orders import Orders
from .desk.placing import Placing
from .desk.planning import Planner
from .desk.repulls import Repulls
from .desk.results import Receiver
from .desk.reviews import Reviews
from .desk.shows import ShowDesk
from .desk.telling import Telling
from .health import Health
from .ingest.classes import SourceClasses
from .ingest.ingest import Ingest
from .ingest.kind import survey_kind
from .ingest.shards import Shards
from .lock import DaemonLock
from .logging import LogForm
from .pages import Pages
from .parts import Addresses, IngestPart, PagesPart, SandboxPart
from .publish.answer import Answers
from .publish.days import Days
from .publish.pairs import pairs_kind
from .publish.returns import write_return
from .publish.standing import LOOK_SECONDS, WhereIsIt
from .publish.stationery import Stationery
from .publish.version import Publisher
from .queue.clock import Clock
from .queue.dispatcher import Dispatcher, LanePlan
from .queue.limits import Limits
from .service import Part, Service
from .store import Database
from .store.index import Index
from .store.jobs import Jobs
from .store.ledger import Ledger
from .store.pulls import Pulls
from .store.results import Results
from .store.tasks import Tasks
from .trackers import Trackers, connector_faults

PUBLISH_THREADS = TELL_THREADS = 2
DESK_BEAT, DISPATCHER_BEAT = 300.0, 60.0
"""Seconds of silence after which /healthz calls a part dead; a desk may hang in one slow call."""

log = structlog.get_logger(__name__)


class House:
    """Every room, built from the settings; nothing runs until a part is started."""

    def __init__(self, configuration: Configuration, *, quiet: bool = False) -> None:
        """Open the database and bring its tables up to date; *quiet* logs only what went wrong."""
        self.settings = settings = configuration.settings
        settings.work_root.mkdir(parents=True, exist_ok=True)
        self.logs = LogForm(
            form=settings.log, level="warning" if quiet else settings.log_level, secrets=configuration.secrets()
        )
        self.logs.configure()
        self.database = database = Database(database_url(settings))
        database.migrate()
        self.lock = DaemonLock(settings.work_root, database)
        self.health = Health()
        self.jobs, self.index = Jobs(database), Index(database)
        self.tasks, self.results, self.ledger = Tasks(database), Results(database), Ledger(database)
        self.pulls = Pulls(database)
        self.classes = SourceClasses(settings.shows)
        self.trackers = Trackers(settings.trackers, settings.work_root)
        self.shards = Shards(self.index, settings.work_root)
        self.days = Days(database, self.index, self.jobs, settings.work_root)
        self._on_footage: list[Callable[[], None]] = []
        self._stationery = Stationery(settings.shows, settings.work_root)
        self._answers = Answers(
            settings.shows,
            jobs=self.jobs,
            tasks=self.tasks,
            ledger=self.ledger,
            stationery=self._stationery,
            tracker_for=self.trackers.for_thread,
        )
        self._where = WhereIsIt(
            settings.shows,
            database=database,
            jobs=self.jobs,
            tasks=self.tasks,
            ledger=self.ledger,
            tracker_for=self.trackers.for_thread,
        )

    def dispatcher(self, *, indexing_only: bool = False) -> Dispatcher:
        """The queue at work: every kind of job that the house knows, or only the index's."""
        publisher = Publisher(
            self.settings.shows,
            jobs=self.jobs,
            tasks=self.tasks,
            results=self.results,
            ledger=self.ledger,
            answers=self._answers,
            stationery=self._stationery,
            tracker_for=self.trackers.for_thread,
            return_timeline=self._return_timeline,
        )
        receiver = Receiver(
            self.settings.shows,
            index=self.index,
            pulls=self.pulls,
            results=self.results,
            tasks=self.tasks,
            answers=self._answers,
            publisher=publisher,
        )
        workers = self.settings.workers
        index_limits = Limits(
            memory_mb=workers.memory_mb,
            cpu_seconds=workers.cpu_seconds,
            wall_seconds=workers.wall_seconds,
            recycle_after=workers.recycle_after,
        )
        return Dispatcher(
            self.database,
            self.jobs,
            [
                survey_kind(self.index, self.classes, self._indexed),
                receiver.kind(),
                publisher.kind(),
                self._answers.kind(),
                self._where.kind(),
                self.days.kind(),
                pairs_kind(),
            ],
            {
                Lane.INDEX: LanePlan(max(workers.index, 1) if indexing_only else workers.index, index_limits),
                Lane.PROCESS: LanePlan(0 if indexing_only else workers.process, Limits(threads=workers.threads)),
                Lane.PUBLISH: LanePlan(0 if indexing_only else PUBLISH_THREADS),
                Lane.TELL: LanePlan(0 if indexing_only else TELL_THREADS),
            },
            lease_seconds=workers.lease_seconds,
            logs=self.logs,
            beat=self.health.watch("dispatcher", DISPATCHER_BEAT),
        )

    def ingest(self, show: str, queued: Callable[[], None]) -> Ingest:
        """The show's way from storage into the index; a show without settings has the defaults.

        The classes of what is indexed already follow the settings as they are now.
        """
        with self.database.write() as session:
            self.index.classify(session, show, self.classes.of(show))
        return Ingest(
            self.database,
            show,
            self.settings.shows.get(show, ShowSettings()).roots,
            self.settings.ingest,
            jobs=self.jobs,
            index=self.index,
            folder=self.settings.work_root / show,
            queued=queued,
        )

    def service(self) -> Service:
        """The whole daemon."""
        settings, shows = self.settings, self.settings.shows
        dispatcher = self.dispatcher()
        desks = [self.desk(name, dispatcher.wake) for name in self._watched()]
        self._on_footage = [desk.footage for desk in desks]
        first_frames = {name: show.first_frame for name, show in shows.items()}
        pages = Pages(self.database, settings.work_root, settings.pages, self.health, first_frames)
        clock = Clock()
        clock.every(settings.ingest.sweep_seconds, "days", lambda: self.days.order(shows), soon=True)
        clock.every(LOOK_SECONDS, "where is it", lambda: self._where.order(dispatcher.wake))
        parts: list[Part] = [
            self.lock,
            *(SandboxPart(box, self._projects(name)) for name, box in self.trackers.sandboxes.items()),
            PagesPart(pages),
            dispatcher,
            *(IngestPart(show, self.ingest(show, dispatcher.wake)) for show in shows),
            *desks,
            clock,
        ]
        addresses = Addresses(settings.work_root / "run", pages, self.trackers.sandboxes)
        return Service(parts, settings.workers.drain_seconds, health=self.health, on_ready=addresses.write)

    def close(self) -> None:
        """Give up the database."""
        self.database.close()

    def _indexed(self) -> None:
        for told in self._on_footage:
            told()

    def _watched(self) -> Iterator[str]:
        """The trackers that shows are in; one whose connector does not load is logged by name and left out."""
        faults = connector_faults(self.settings.trackers)
        for name in self.settings.trackers:
            shows = self._shows_of(name)
            if shows and name in faults:
                log.error("tracker left out", tracker=name, shows=sorted(shows), fault=str(faults[name]))
            elif shows:
                yield name

    def _shows_of(self, tracker: str) -> dict[str, ShowSettings]:
        return {name: show for name, show in self.settings.shows.items() if show.tracker == tracker}

    def _projects(self, tracker: str) -> list[str]:
        return [show.project_of(name) for name, show in self._shows_of(tracker).items()]

    def desk(self, tracker: str, queued: Callable[[], None]) -> Desk:
        """The reader of one tracker, which runs when it is started; *queued* is called after jobs were added."""
        name = f"desk {tracker}"
        return Desk(
            tracker,
            self.settings.trackers[tracker],
            connect=lambda: self.trackers.connect(tracker),
            database=self.database,
            clerk=self._clerk(tracker, queued),
            tasks=self.tasks,
            shows={show: self._show_desk(show, settings) for show, settings in self._shows_of(tracker).items()},
            queued=queued,
            beat=self.health.watch(name, DESK_BEAT),
        )

    def _clerk(self, tracker: str, queued: Callable[[], None]) -> Clerk:
        database, tasks = self.database, self.tasks
        return Clerk(
            known=Known(tracker, database=database, tasks=tasks, jobs=self.jobs, queued=queued),
            ears=Ears(database=database, tasks=tasks, drawings=Drawings(self.index, self.results)),
            placing=Placing(
                database=database,
                index=self.index,
                tasks=tasks,
                pulls=self.pulls,
                answers=self._answers,
                queued=queued,
            ),
            telling=Telling(database=database, tasks=tasks, answers=self._answers, queued=queued),
            tasks=tasks,
            jobs=self.jobs,
            processors=plugins.processors(),
        )

    def _show_desk(self, show: str, settings: ShowSettings) -> ShowDesk:
        folder = self.settings.work_root / show

        def similar(clip: ClipRow, most: int) -> list[ClipRow]:
            return [hit.clip for hit in self.shards.similar_clips(show, clip, most)]

        landing = Landing(show, index=self.index, pulls=self.pulls, alike=self.shards.resemblance)
        planner = Planner(
            show,
            settings,
            index=self.index,
            results=self.results,
            similar=similar,
            allowed=(*settings.roots, folder),
            landing=landing,
        )
        orders = Orders(show, settings, jobs=self.jobs, results=self.results, folder=folder)
        repulls = Repulls(
            show,
            database=self.database,
            index=self.index,
            results=self.results,
            answers=self._answers,
            alike=self.shards.resemblance,
        )
        reviews = Reviews(
            settings, database=self.database, results=self.results, tasks=self.tasks, answers=self._answers
        )
        return ShowDesk(
            show,
            settings,
            planner=planner,
            orders=orders,
            landing=landing,
            repulls=repulls,
            reviews=reviews,
            folder=folder,
        )

    def _return_timeline(self, version: VersionRow, outcome: Outcome) -> Path:
        shot = self.tasks.get(version.task_id).entity_name if version.task_id is not None else ""
        return write_return(self.index, self.settings.shows[version.show], version, outcome, shot)


@contextmanager
def compose(configuration: Configuration, *, quiet: bool = True) -> Iterator[House]:
    """A house for one command."""
    house = House(configuration, quiet=quiet)
    try:
        yield house
    finally:
        house.close()
