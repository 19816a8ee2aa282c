"""What trackers cost: a change on its way, an idle day, catching up with a long absence, and sending a large file.

    python benchmarks/trackers.py [--only latency|idle|backlog|upload] [--tracker shotgrid|ftrack|kitsu] [--json]

latency: a person sets tasks to ready; seconds from the click to the queued job in a running daemon, with the push
channel and with polling alone.
idle: 1,000 open tasks on 20 shows and nobody at work: requests a minute as a proxy in front of the site counts
them, CPU and memory of the daemon.
backlog: a studio worked on while we were away, and few of its events concern our tasks. The connector
against the plain polling loop that reads everything, 500 events a request, from the same practice site.
upload: a file through the site's storage in parts, whole and with a cut in the middle, by the connector and
by the vendor's client (which has no time-out of its own; here it gets one, or it would never end).

ShotGrid and ftrack are the practice servers, Kitsu is a real Zou (`make zou`). Backlog and upload are ShotGrid's;
each of their figures is taken in a process of its own, and requests are the site's own log. `seconds` holds the
practice site's work too, which searches a list where a real one has an index.
"""

from __future__ import annotations

import argparse
import json

from rich.console import Console
from rich.table import Table
from tracking.backlog import shotgrid_backlog
from tracking.idle import POLL_SECONDS, idle
from tracking.latency import latencies
from tracking.measured import Figures
from tracking.sites import KINDS
from tracking.upload import shotgrid_upload


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=["latency", "idle", "backlog", "upload"])
    parser.add_argument("--tracker", choices=KINDS, help="for latency and idle: this one alone")
    parser.add_argument("--clicks", type=int, default=60, help="of the latency")
    parser.add_argument("--tasks", type=int, default=1000, help="of the idle day")
    parser.add_argument("--shows", type=int, default=20, help="of the idle day")
    parser.add_argument("--minutes", type=float, default=5.0, help="of the idle day")
    parser.add_argument("--events", type=int, default=50_000, help="of the backlog")
    parser.add_argument("--ours", type=int, default=500, help="of the backlog's events")
    parser.add_argument("--megabytes", type=int, default=1000, help="of the upload")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    kinds = (given.tracker,) if given.tracker else KINDS
    cases = {
        "latency": lambda: latencies(given.clicks, POLL_SECONDS, kinds),
        "idle": lambda: idle(given.tasks, given.shows, given.minutes, kinds),
        "backlog": lambda: shotgrid_backlog(given.events, given.ours),
        "upload": lambda: shotgrid_upload(given.megabytes),
    }
    tables = {name: case() for name, case in cases.items() if given.only in {None, name}}
    if given.json:
        print(json.dumps(tables))
        return
    for title, rows in tables.items():
        Console().print(_table(title, rows))


def _table(title: str, rows: dict[str, Figures]) -> Table:
    table = Table(title, *next(iter(rows.values())))
    for name, figures in rows.items():
        table.add_row(name, *(f"{figure:,.0f}" if figure >= 100 else f"{figure:.2f}" for figure in figures.values()))
    return table


if __name__ == "__main__":
    main()
