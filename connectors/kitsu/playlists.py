"""Playlists for review."""

from __future__ import annotations

from .client import Client, Json

NAME_LENGTH = 80


def add_to_playlist(client: Client, project: str, name: str, entity: Json, preview: str) -> None:
    """Put a preview file last on a project's playlist of that name, once; make the playlist where it is missing.

    The site adds entries itself, under a lock: what a person adds meanwhile stays.
    """
    wanted = name[:NAME_LENGTH]
    # The site compares names without regard to case, and knows wildcards.
    rows = client.get("playlists", "data/playlists", project_id=project, name=wanted)
    found = min((row for row in rows if row["name"] == wanted), key=lambda row: str(row["created_at"]), default=None)
    if found is None:
        kind = entity["type"].lower() if entity["type"] in ("Shot", "Sequence", "Episode", "Edit") else "asset"
        found = client.post(
            f"playlist '{wanted}'",
            "data/playlists",
            {"project_id": project, "name": wanted, "for_entity": kind, "shots": []},
        )
    entry = {"entity_id": entity["id"], "preview_file_id": preview}
    if not any(one.get("preview_file_id") == preview for one in found["shots"] or []):
        client.post(f"playlist '{wanted}'", f"actions/playlists/{found['id']}/add-entity", entry)
