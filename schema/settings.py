"""Settings: one `wetgate.toml`, one `shows/<SHOW>.toml` each, environment over both.

`WETGATE__PAGES__PORT=8800` overrides `[pages] port`, `WETGATE__SHOWS__PINE__FIRST_FRAME=1` the
show's own file. Unknown keys are refused. A secret is given as `NAME_file` (a path) or by the
environment, and is never shown.
"""

from __future__ import annotations

import string
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from .approval import Approval
from .naming import DEFAULT_PATTERN, NamingGrammar
from .request import Network


def pattern_of(value: str, *known: str) -> str:
    """*value*, a pattern that holds only *known* words in braces. Raises ValueError."""
    try:
        wanted = {name for _, name, _, _ in string.Formatter().parse(value) if name is not None}
    except ValueError as error:
        raise ValueError(f"{value!r} is no pattern: {error}") from error
    if strange := wanted - set(known):
        raise ValueError(f"{value!r} may hold {', '.join(known)} in braces, not {', '.join(sorted(strange))}")
    return value


class Section(BaseModel):
    """A table of settings: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PagesSettings(Section):
    """The status page."""

    host: str = Field("127.0.0.1", description="Address to listen on; any other than loopback needs a token.")
    port: int = Field(8780, description="TCP port; 0 takes a free one and logs it.")
    token: SecretStr | None = Field(None, description="Asked of every visitor when set; at least 16 characters.")
    token_file: Path | None = Field(None, description="File that holds the token.")


class WorkerSettings(Section):
    """How much runs at once, and what one worker may use."""

    index: int = Field(1, ge=0, le=64, description="Workers that probe and index arriving files.")
    process: int = Field(1, ge=0, le=64, description="Workers that run processors.")
    recycle_after: int = Field(500, ge=1, description="Files after which an index worker is replaced.")
    memory_mb: int = Field(6000, ge=512, description="Address space of one index worker, in megabytes.")
    cpu_seconds: int = Field(600, ge=1, description="CPU time that one file may take to index, in seconds.")
    wall_seconds: int = Field(900, ge=1, description="Time that one file may take to index, in seconds.")
    lease_seconds: float = Field(60.0, gt=0, description="How long a job stays claimed without a sign of life.")
    drain_seconds: float = Field(20.0, ge=0, description="Time for running jobs to end when the daemon is stopped.")
    threads: int = Field(
        1, ge=1, le=128, description="Threads of one processor worker: frames that a fix works on at once."
    )


class IngestSettings(Section):
    """How arriving files are found and when they count as whole."""

    settle_seconds: float = Field(5.0, ge=0, description="Size and time must rest this long before a file is read.")
    sweep_seconds: float = Field(120.0, gt=0, description="Time between two full looks at the show's folders.")
    watch: bool = Field(True, description="Use file-system events as hints; switch off for NFS and SMB.")
    ignore: tuple[str, ...] = Field(
        (".*", "*.tmp", "*.part", "*.partial", "*.filepart", "*.crdownload", "@eaDir", "Thumbs.db", "*.mhl"),
        description="Names (glob patterns) of files and folders that are passed over.",
    )


class TrackerSettings(Section):
    """One tracker. `kind` names a connector plugin; `sandbox` starts the built-in practice tracker."""

    kind: str = Field("sandbox", description="sandbox, shotgrid, or the name of an installed connector.")
    url: str = Field("", description="The site, https://...; empty for the sandbox.")
    script_name: str = Field("wetgate", description="The API user's name.")
    api_key: SecretStr | None = Field(None, description="The API user's key.")
    api_key_file: Path | None = Field(None, description="File that holds the key.")
    group: str = Field("Wetgate", description="The group (or person) whose tasks are ours.")
    key_field: str = Field("sg_wetgate_key", description="The tracker's text field for our key.")
    poll_seconds: float = Field(5.0, gt=0, description="Time between two looks at the tracker's events.")
    sweep_seconds: float = Field(60.0, gt=0, description="Time between two full looks at our open tasks.")
    overlap_seconds: float = Field(60.0, ge=0, description="How far the cursor looks back for late events.")
    timeout_seconds: float = Field(60.0, gt=0, description="Longest wait for one answer.")
    port: int = Field(8781, description="TCP port of the sandbox; 0 takes a free one.")
    options: dict[str, str | float | bool] = Field(
        {}, description="Further settings of the connector, by its own names, as event_url of kitsu."
    )


class RuleSettings(Section):
    """Which processor answers which task: the first rule whose pattern fits name, step, type or a tag wins."""

    task: str = Field(description="Glob pattern over the task's name, step, type and tags, any case.")
    processor: str = Field(description="Name of the processor.")


class StatusSettings(Section):
    """Status codes of the tracker's site."""

    ready: tuple[str, ...] = Field(("rdy",), description="A task in one of these may start.")
    running: str = Field("ip", description="Set on a task when its job starts.")
    waiting: str = Field("hld", description="Set on a task that lacks something.")
    done: str = Field("rev", description="Set on a task when its result is there to be looked at.")
    version: str = Field("rev", description="Set on a version that may be reviewed.")
    approved: tuple[str, ...] = Field(
        ("apr",), description="A version in one of these is approved, where an approver set it. Never set by Wetgate."
    )
    rejected: tuple[str, ...] = Field(
        ("rej",), description="A version in one of these is rejected, whoever set it. Never set by Wetgate."
    )

    @property
    def known_to_site(self) -> tuple[str, ...]:
        """The codes that a site must have: those we wait for, those we set, and those of people that were named."""
        judged = (getattr(self, name) for name in ("approved", "rejected") if name in self.model_fields_set)
        ours = (*self.ready, self.running, self.waiting, self.done, self.version)
        return tuple(dict.fromkeys((*ours, *(code for codes in judged for code in codes))))

    @model_validator(mode="after")
    def _people_decide(self) -> StatusSettings:
        for name in ("running", "waiting", "done", "version"):
            code = getattr(self, name)
            for judged in ("approved", "rejected"):
                if code in getattr(self, judged):
                    raise ValueError(
                        f"`{name}` is {code!r}, which also stands under `{judged}`: that is for people to set. "
                        "Give another status."
                    )
        return self


class NoteSettings(Section):
    """What goes around our notes: `{show}`, `{shot}`, `{task}` and `{version}` are filled in."""

    head: str = Field("", description="First line of every note, as a greeting or a tag; nothing when empty.")
    foot: str = Field("", description="Last line of every note, as whom to ask; nothing when empty.")
    burn_in: str = Field(
        "", description="Words burnt into pictures that go out with notes and thumbnails, as {show} CONFIDENTIAL."
    )
    pictures: Literal["attach", "link"] = Field(
        "attach", description="Pictures in notes: attached (notes go out as e-mail), or only their paths named."
    )
    where: bool = Field(
        True,
        description="Keep one note per task that says where it stands, edited in place; of places in the queue the "
        "first five exactly, those behind in steps.",
    )

    @field_validator("head", "foot", "burn_in")
    @classmethod
    def _holds_known_words(cls, value: str) -> str:
        return pattern_of(value, "show", "shot", "task", "version")


DEFAULT_RULES = (
    RuleSettings(task="*continuity*", processor="continuity"),
    RuleSettings(task="*cleanup*", processor="remove"),
    RuleSettings(task="*remov*", processor="remove"),
    RuleSettings(task="*paint*", processor="remove"),
    RuleSettings(task="*grade*", processor="match_grade"),
    RuleSettings(task="*colour*", processor="match_grade"),
    RuleSettings(task="*color*", processor="match_grade"),
    RuleSettings(task="*match*", processor="match_grade"),
)

DEFAULT_PROXIES = ("*/proxy/*", "*/proxies/*", "*/offline/*", "*/editorial proxies/*", "*_proxy.*", "*-proxy.*")
DEFAULT_PULLS = ("*/pull/*", "*/pulls/*", "*/vfx pulls/*", "*/vfx_pulls/*", "*_pull.*")


class ShowSettings(Section):
    """One show."""

    title: str = Field("", description="The show's title, for people.")
    roots: tuple[Path, ...] = Field((), description="Folders to watch; nothing is ever written there.")
    tracker: str = Field("main", description="Which [trackers.NAME] the show lives in.")
    project: str = Field("", description="The project's name in the tracker; the show's code if empty.")
    vendor: str = Field("WG", description="Vendor code in version names.")
    naming: str = Field(DEFAULT_PATTERN, description="Pattern of version names.")
    proxies: tuple[str, ...] = Field(
        DEFAULT_PROXIES, description="Glob patterns over the path, any case: such files are proxies."
    )
    pulls: tuple[str, ...] = Field(
        DEFAULT_PULLS, description="Glob patterns over the path, any case: such files are pulls from camera originals."
    )
    video_format: str = Field(
        "",
        description="VIDEO_FORMAT in the ALE of a pull list: the Media Composer project's, as 1080 or CUSTOM; by the "
        "size of the proxy that is to be pulled when empty.",
    )
    first_frame: int = Field(1001, ge=0, description="Shot frame of a plate's first frame.")
    handles: int = Field(8, ge=0, description="Frames of handle at each side of the cut.")
    rules: tuple[RuleSettings, ...] = Field(DEFAULT_RULES, description="Task patterns and their processors.")
    statuses: StatusSettings = Field(StatusSettings(), description="Status codes of the site.")
    approvers: tuple[str, ...] = Field(
        (), description="Logins of those who may approve; an approval by anybody else closes nothing."
    )
    min_psnr_db: float = Field(26.0, description="Self-rating below which a fix is not published, in dB.")
    weak_fix: Literal["ask", "refuse"] = Field("refuse", description="What happens to a fix below the limit.")
    networks: tuple[Network, ...] = Field(
        (), description="Inpainting networks of your own that may compete, as far as [approval] allows it."
    )
    approval: Approval = Field(Approval(), description="The consent to pixels that a network made.")
    notes: NoteSettings = Field(NoteSettings(), description="How notes and the pictures in them go out.")
    playlist: str = Field(
        "{show} Wetgate {date}", description="Playlist of a day's versions for review; none when empty."
    )
    version_fields: dict[str, str] = Field(
        {},
        description="More fields of a version, by the site's names; {show}, {shot}, {task}, {version} are known.",
    )
    time_logs: bool = Field(
        False, description="Log the machine's minutes on the task; they count into a bid as a person's would."
    )

    def project_of(self, show: str) -> str:
        """The project's name in the tracker, where *show* is the show's code."""
        return self.project or show

    @field_validator("playlist")
    @classmethod
    def _playlist_is_a_pattern(cls, value: str) -> str:
        return pattern_of(value, "show", "date")

    @field_validator("version_fields")
    @classmethod
    def _fields_are_patterns(cls, value: dict[str, str]) -> dict[str, str]:
        return {name: pattern_of(text, "show", "shot", "task", "version") for name, text in value.items()}

    @field_validator("networks")
    @classmethod
    def _names_differ(cls, value: tuple[Network, ...]) -> tuple[Network, ...]:
        names = [network.name for network in value]
        if len(set(names)) < len(names):
            raise ValueError("two networks have the same name")
        return value

    @field_validator("naming")
    @classmethod
    def _naming_is_a_pattern(cls, value: str) -> str:
        NamingGrammar(value)
        return value


class Settings(Section):
    """Everything that a person can set."""

    work_root: Path = Field(Path("wetgate-work"), description="Folder of the database and all that Wetgate makes.")
    database_url: SecretStr | None = Field(
        None, description="postgresql+psycopg://...; SQLite inside work_root when empty."
    )
    log: Literal["console", "json"] = Field("console", description="Form of the log.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")
    pages: PagesSettings = PagesSettings()
    workers: WorkerSettings = WorkerSettings()
    ingest: IngestSettings = IngestSettings()
    trackers: dict[str, TrackerSettings] = Field(
        {"main": TrackerSettings()}, description="The sites, by a name of yours."
    )
    shows: dict[str, ShowSettings] = Field({}, description="One entry per show, from shows/<SHOW>.toml.")
