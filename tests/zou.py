"""A real Zou, Kitsu's server, with its own PostgreSQL and Redis on loopback.

`make zou` makes the environment that it runs in. The server is started by the first test that asks for it and
serves all tests of its process; everything that it writes lies in a temporary folder.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from ports import free_port
from services import require

ENVIRONMENT = Path(os.environ.get("WETGATE_TEST_ZOU", Path(__file__).parents[1] / ".zou"))
SEED = ENVIRONMENT / "seed.sql"
"""A fresh database as `zou init-db` and `zou init-data` leave it: made once, since that takes longer than all else."""
POSTGRES = Path("/usr/lib/postgresql")
TIE = shutil.which("setpriv")
ADMIN, PASSWORD = "admin@example.com", "admin-password"
START_SECONDS = 180.0
_MAKE_SEED = f"""
from zou.cli import cli
for verb in (["init-db"], ["init-data"], ["create-admin", {ADMIN!r}, "--password", {PASSWORD!r}]):
    cli.main(verb, standalone_mode=False)
"""

Json = dict[str, Any]


class Zou:
    """The server's processes. Raises nothing: what is missing skips a laptop's test and fails CI's."""

    def __init__(self, folder: Path) -> None:
        """Start everything in *folder*; returns once requests are answered."""
        self._folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.ports = {name: free_port() for name in ("postgres", "redis", "api", "events")}
        self.secret = secrets.token_hex(32)
        self.url = f"http://127.0.0.1:{self.ports['api']}"
        self.dsn = f"postgresql://zou@127.0.0.1:{self.ports['postgres']}/zou"
        self.events = f"http://127.0.0.1:{self.ports['events']}"
        self._programs = self._find()
        self._environment = self._settings()
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def start_events(self) -> None:
        """Start the event stream; `until_up` says when it answers."""
        self._serve("events", "zou.event_stream:app", "geventwebsocket.gunicorn.workers.GeventWebSocketWorker")

    def stop_events(self, *, clean: bool = True) -> None:
        """End the event stream, in good order or at once."""
        self._end("events", signal.SIGTERM if clean else signal.SIGKILL)

    def until_up(self, name: str) -> None:
        """Wait until the API or the event stream answers."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            try:
                path = "/api/" if name == "api" else "/"
                if httpx.get(f"http://127.0.0.1:{self.ports[name]}{path}", timeout=5).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            if self._running[name].poll() is not None:
                break
            time.sleep(0.1)
        log = (self._folder / f"{name}.log").read_text(errors="replace")[-2000:]
        raise RuntimeError(f"Zou's {name} does not answer:\n{log}")

    def stop(self) -> None:
        """End every process."""
        # PostgreSQL and gunicorn wait for their clients unless they are interrupted.
        for process in self._running.values():
            process.send_signal(signal.SIGINT)
        for name in list(self._running):
            self._end(name, signal.SIGINT)

    @property
    def running(self) -> frozenset[str]:
        """The names of what was started and not ended."""
        return frozenset(self._running)

    def _find(self) -> dict[str, str]:
        found = {name: str(ENVIRONMENT / "bin" / name) for name in ("gunicorn", "python")}
        if not Path(found["gunicorn"]).exists():
            require(f"no Zou in {ENVIRONMENT}: run `make zou`")
        for name in ("redis-server", "ffmpeg"):
            place = shutil.which(name)
            if place is None:
                require(f"{name} is not installed")
            found[name] = place
        folders = sorted(POSTGRES.glob("*/bin"), key=lambda one: int(one.parent.name))
        for name in ("initdb", "postgres", "psql", "createdb", "pg_dump"):
            place = str(folders[-1] / name) if folders else shutil.which(name)
            if place is None or not Path(place).exists():
                require(f"PostgreSQL's {name} is not installed")
            found[name] = place
        return found

    def _settings(self) -> dict[str, str]:
        for name in ("previews", "tmp"):
            (self._folder / name).mkdir()
        settings = {
            "DB_HOST": "127.0.0.1",
            "DB_PORT": str(self.ports["postgres"]),
            "DB_USERNAME": "zou",
            "DB_PASSWORD": "trusted",
            "DB_DATABASE": "zou",
            "DB_POOL_SIZE": "5",
            "KV_HOST": "127.0.0.1",
            "KV_PORT": str(self.ports["redis"]),
            "SECRET_KEY": self.secret,
            "PREVIEW_FOLDER": str(self._folder / "previews"),
            "TMP_DIR": str(self._folder / "tmp"),
            "MAIL_ENABLED": "False",
            "MAIL_CHECK_DELIVERABILITY": "False",
            # Nobody listens there: only the search box needs it.
            "INDEXER_HOST": "127.0.0.1",
            "INDEXER_PORT": "9",
            "EVENT_STREAM_HOST": "127.0.0.1",
            "EVENT_STREAM_PORT": str(self.ports["events"]),
            "BCRYPT_LOG_ROUNDS": "4",
            "MOVIE_ENCODING_PRESET": "ultrafast",
            "PYTHONWARNINGS": "ignore",
        }
        passed = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        return {**passed, **settings}

    def _start(self) -> None:
        place = ["--bind", "127.0.0.1", "--port", str(self.ports["redis"]), "--dir", str(self._folder)]
        self._run("redis", [self._programs["redis-server"], *place, "--save", "", "--appendonly", "no"])
        # Both take longer to load than the database to be made, and need it no sooner than the first request.
        self._serve("api", "zou.app:app", "gevent")
        self.start_events()
        self._start_postgres()
        self._seed()
        for name in ("api", "events"):
            self.until_up(name)

    def _start_postgres(self) -> None:
        # It refuses to run as root.
        who: Json = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
        data, sockets = self._folder / "pg", self._folder / "pgrun"
        for one in (data, sockets):
            one.mkdir()
            if who:
                shutil.chown(one, "postgres", "postgres")
        made = [self._programs["initdb"], "--no-sync", "-A", "trust", "-U", "zou", "-E", "UTF8", "--locale=C"]
        subprocess.run([*made, "-D", str(data)], check=True, capture_output=True, cwd="/", **who)
        settings = {
            "port": self.ports["postgres"],
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": sockets,
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "shared_buffers": "64MB",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self._run("postgres", [self._programs["postgres"], "-D", str(data), *options], cwd="/", **who)
        end = time.monotonic() + START_SECONDS
        while self._tool("createdb", "zou").returncode != 0:
            if time.monotonic() > end or self._running["postgres"].poll() is not None:
                log = (self._folder / "postgres.log").read_text(errors="replace")[-2000:]
                raise RuntimeError(f"PostgreSQL does not start:\n{log}")
            time.sleep(0.1)

    def _seed(self) -> None:
        with SEED.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # where tests run side by side, one makes it
            self._seed_alone()

    def _seed_alone(self) -> None:
        if SEED.exists():
            self._tool("psql", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-d", "zou", "-f", str(SEED), check=True)
            return
        subprocess.run(
            [self._programs["python"], "-c", _MAKE_SEED], env=self._environment, check=True, capture_output=True
        )
        dumped = self._tool("pg_dump", "-d", "zou", check=True)
        half = SEED.with_name(f"{SEED.name}.{os.getpid()}")
        half.write_bytes(dumped.stdout)
        half.replace(SEED)

    def _tool(self, name: str, *arguments: str, check: bool = False) -> subprocess.CompletedProcess[bytes]:
        place = ["-h", "127.0.0.1", "-p", str(self.ports["postgres"]), "-U", "zou"]
        return subprocess.run([self._programs[name], *place, *arguments], check=check, capture_output=True)

    def _serve(self, name: str, app: str, worker: str) -> None:
        command = [self._programs["gunicorn"], "-w", "1", "-k", worker, "--no-control-socket", "-t", "600"]
        # A real site stands behind a proxy, which shows the API under /api.
        root = {"SCRIPT_NAME": "/api"} if name == "api" else {}
        self._run(name, [*command, "-b", f"127.0.0.1:{self.ports[name]}", app], env={**self._environment, **root})

    def _run(self, name: str, command: list[str], **options: Any) -> None:
        # It ends with the tests, however these end.
        tied = [TIE, "--pdeathsig", "KILL"] if TIE else []
        with (self._folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                [*tied, *command],
                **{"cwd": self._folder, "stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, **options},
            )

    def _end(self, name: str, how: signal.Signals) -> None:
        process = self._running.pop(name, None)
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def called(path: str, body: bytes) -> str:
    """What a write is called, for a plan of faults: `comment`, `add-preview`, or `preview-files` for one changed."""
    parts = [part for part in path.split("/") if part and not part[0].isdigit()]
    if not body:
        return "get"
    if "pictures" in parts:
        return "upload"
    for name in ("add-preview", "add-attachment", "add-entity", "comment", "comments", "preview-files", "time-spents"):
        if name in parts:
            return name
    return parts[-1]


@contextmanager
def running_zou() -> Iterator[Zou]:
    """A server for one block."""
    # Not pytest's folder: PostgreSQL's user has to get in, and socket names have to be short.
    folder = Path(tempfile.mkdtemp(prefix="zou-"))
    folder.chmod(0o755)
    site = Zou(folder)
    try:
        yield site
    finally:
        site.stop()
        shutil.rmtree(folder, ignore_errors=True)
