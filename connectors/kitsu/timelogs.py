"""Time that we spent."""

from __future__ import annotations

from .client import Client, Json


def log_time(client: Client, task: Json, name: str, day: str, minutes: int) -> None:
    """Log minutes on an ISO day, once for one *name*.

    A site keeps one figure for a person, task and day. What it is made of lies in the task's `data`,
    under a name for each entry; the figure is then set to the sum, which may be repeated.
    """
    number = task["id"]
    data = task["data"] or {}
    entry = {"day": day, "minutes": minutes}
    if data.get(name) != entry:
        # The site merges what it is given into what is there.
        client.put(f"time on task {number}", f"data/tasks/{number}", {"data": {name: entry}})
    kind = name.partition(":time:")[0] + ":time:"
    entries = {**{key: value for key, value in data.items() if key.startswith(kind)}, name: entry}
    total = sum(one["minutes"] for one in entries.values() if one["day"] == day)
    person = client.me["id"]
    client.post(
        f"time on task {number}", f"actions/tasks/{number}/time-spents/{day}/persons/{person}", {"duration": total}
    )
