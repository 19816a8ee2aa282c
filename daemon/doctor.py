"""What would keep Wetgate from working, and what to change: asked by `wetgate doctor`, and of a site by the desk."""

from __future__ import annotations

import os
from collections.abc import Iterator

from sqlalchemy.exc import SQLAlchemyError

from ..schema.approval import Consent, today
from ..schema.errors import ConnectorError, WeightsMissing, WetgateError
from ..schema.ports import Tracker
from ..schema.settings import Settings, ShowSettings
from ..schema.tracker import Problem
from . import plugins
from .configuration import database_url
from .store import Database
from .trackers import Trackers, connector_faults

ACCESS = "Check url, script_name and api_key of the tracker, and what its user may do."


def problems(settings: Settings) -> Iterator[Problem]:
    """All of them: folders, plugins and rules, networks, the database, and every show's site."""
    yield from _folders(settings)
    yield from _plugins(settings)
    yield from network_problems(settings)
    yield from _database(settings)
    yield from _trackers(settings)


def site_problems(tracker: Tracker, name: str, show: ShowSettings) -> list[Problem]:
    """What is wrong with the site of the show *name*; what it refuses to be asked is wrong too.

    Raises the errors that pass by themselves (the tracker is away).
    """
    try:
        return list(tracker.check(show.project_of(name), show.statuses.known_to_site))
    except ConnectorError as error:
        if error.retryable:
            raise
        return [Problem(what=str(error), mend=ACCESS)]


def _folders(settings: Settings) -> Iterator[Problem]:
    if not settings.shows:
        yield Problem(what="No show is set up.", mend="Write shows/<SHOW>.toml beside wetgate.toml.")
    for name, show in settings.shows.items():
        for root in show.roots:
            if not root.is_dir():
                yield Problem(what=f"{name}: {root} is not there.", mend="Mount the storage, or correct `roots`.")
            elif not os.access(root, os.R_OK | os.X_OK):
                yield Problem(what=f"{name}: {root} cannot be read.", mend="Let the daemon's user read it.")
            elif root.resolve() in (settings.work_root.resolve(), *settings.work_root.resolve().parents):
                yield Problem(
                    what=f"{name}: the workspace lies inside the watched {root}.", mend="Move work_root elsewhere."
                )


def _plugins(settings: Settings) -> Iterator[Problem]:
    for plugin in plugins.installed():
        # What only lacks its extra is no fault until a tracker is of that kind.
        if plugin.fault and not plugin.install:
            yield Problem(what=f"Plugin {plugin.name}: {plugin.fault}", mend="Reinstall or remove it.")
    known = plugins.processors()
    for name, show in settings.shows.items():
        for rule in show.rules:
            if rule.processor not in known:
                yield Problem(
                    what=f"{name}: the rule for {rule.task!r} names {rule.processor!r}, which is not installed.",
                    mend=f"Use one of: {', '.join(sorted(known))}.",
                )


def network_problems(settings: Settings) -> Iterator[Problem]:
    """Networks that no approval covers today, and those that cannot be loaded."""
    for name, show in settings.shows.items():
        if show.networks and not show.approval.covers(Consent.NETWORK, today()):
            yield Problem(
                what=f"{name}: its networks are not used: {show.approval.words}, which does not cover them today.",
                mend="Record the signed approval under [approval], or take the networks out.",
            )
        for network in show.networks:
            from ..processors.remove.networks.load import load  # torch and cv2, which no other check needs

            try:
                load(network)
            except WeightsMissing as error:
                yield Problem(what=f"{name}: {error}", mend="Correct [[networks]] in the show's settings.")


def _database(settings: Settings) -> Iterator[Problem]:
    try:
        database = Database(database_url(settings))
        database.migrate()
        database.close()
    except (SQLAlchemyError, OSError, ImportError, WetgateError) as error:
        yield Problem(what=f"The database does not open: {error}", mend="Check database_url and the server.")


def _trackers(settings: Settings) -> Iterator[Problem]:
    trackers = Trackers(settings.trackers, settings.work_root)
    faults = connector_faults(settings.trackers)
    for name, fault in faults.items():
        mend = plugins.install_command(fault) or "Correct the tracker's `kind`, or mend the plugin."
        yield Problem(what=f"trackers.{name}: {fault}", mend=mend)
    for name, show in settings.shows.items():
        if show.tracker not in settings.trackers:
            yield Problem(
                what=f"{name}: there is no [trackers.{show.tracker}].", mend="Add it, or correct the show's `tracker`."
            )
        elif show.tracker not in trackers.sandboxes and show.tracker not in faults:
            yield from _site(trackers, name, show)


def _site(trackers: Trackers, name: str, show: ShowSettings) -> Iterator[Problem]:
    try:
        connection = trackers.connect(show.tracker)
        for one in site_problems(connection, name, show):
            yield one.model_copy(update={"what": f"{name}: {one.what}"})
        connection.close()
    except WetgateError as error:
        yield Problem(what=f"{name}: {show.tracker}: {error}", mend=ACCESS)
