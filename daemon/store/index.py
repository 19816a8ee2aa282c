"""The show's index: clips, where they lie, and the words by which they are found."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel, col, select

from ...processors.survey import Survey
from ...processors.survey.words import clean
from ...schema.arrival import ArrivalState
from ...schema.media import SourceClass
from ...schema.rate import rate_text
from ...schema.tables import ArrivalRow, ClipRow
from .arrivals import Arrivals
from .database import Database
from .rows import id_of

_CLIP = SQLModel.metadata.tables["clip"]
_ARRIVAL = SQLModel.metadata.tables["arrival"]
_WORDS = SQLModel.metadata.tables["clip_words"]
_HASH_PREFIX = 8
_PREFIX = 3


@dataclass(frozen=True)
class Hit:
    """A clip that a search found; a higher score is better, comparable within one answer only."""

    clip: ClipRow
    score: float


class Index:
    """Clips of every show. A clip's identity is (show, content hash); it may lie at several paths."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        """The index in *database*; *clock* gives seconds since the epoch."""
        self._database = database
        self._clock = clock
        self._insert = sqlite.insert if database.is_sqlite else postgresql.insert
        self.arrivals = Arrivals(database, clock)

    # -- what was surveyed -------------------------------------------------------------------

    def record_survey(self, session: Session, arrival_id: int, survey: Survey, folder: str) -> ClipRow:
        """A survey's result: the clip's row, and the arrival indexed, or a duplicate that names the first path.

        *folder* is put before the survey's picture paths: ClipRow keeps them relative to the work root.
        """
        arrival = session.get_one(ArrivalRow, arrival_id)
        clip = self._clip(session, arrival.show, survey, folder)
        first = session.exec(
            select(ArrivalRow)
            .where(
                col(ArrivalRow.clip_id) == clip.id,
                col(ArrivalRow.id) != arrival_id,
                col(ArrivalRow.state) == ArrivalState.INDEXED.value,
            )
            .order_by(col(ArrivalRow.id))
        ).first()
        arrival.clip_id = clip.id
        arrival.state = (ArrivalState.DUPLICATE if first else ArrivalState.INDEXED).value
        arrival.reason = f"The same content as {first.path}." if first else (survey.facts.note or "")
        arrival.changed_at = self._clock()
        session.add(arrival)
        session.flush()
        return clip

    def _clip(self, session: Session, show: str, survey: Survey, folder: str) -> ClipRow:
        video = survey.facts.video
        values = {
            "show": show,
            "content_hash": survey.content_hash,
            "name": survey.name,
            "source_class": "camera",
            "frames": video.frames if video else 0,
            "rate": rate_text(video.rate) if video else None,
            "timecode": survey.facts.timecode,
            "reel": survey.facts.reel,
            "width": video.width if video else 0,
            "height": video.height if video else 0,
            "facts": survey.facts.model_dump(mode="json"),
            "cuts": list(survey.cuts),
            "thumbnail": f"{folder}{survey.thumbnail}" if survey.thumbnail else None,
            "features": f"{folder}{survey.features}" if survey.features else None,
            "indexed_at": self._clock(),
        }
        insert = self._insert(_CLIP).values(values)
        # The same content again, perhaps read by a later release: what was found is renewed, its name stays.
        renewed = set(values) - {"show", "content_hash", "name", "source_class"}
        session.execute(
            insert.on_conflict_do_update(
                index_elements=["show", "content_hash"],
                set_={name: insert.excluded[name] for name in renewed},
            )
        )
        same = select(ClipRow).where(col(ClipRow.show) == show, col(ClipRow.content_hash) == survey.content_hash)
        clip = session.exec(same).one()
        known = session.execute(sa.select(_WORDS.c.words).where(_WORDS.c.clip_id == clip.id)).scalar()
        words = " ".join(dict.fromkeys(f"{known or ''} {clean(survey.words)}".split()))
        if known is None:
            session.execute(sa.insert(_WORDS).values(clip_id=clip.id, show=show, words=words))
        elif words != known:
            session.execute(sa.update(_WORDS).where(_WORDS.c.clip_id == clip.id).values(words=words))
        return clip

    def classify(
        self,
        session: Session,
        show: str,
        class_of: Callable[[Sequence[tuple[str, str]]], SourceClass],
        clip_id: int | None = None,
    ) -> int:
        """Set the class of one clip, or of all the show's, from each (root, path) of it; how many changed."""
        statement = sa.select(_CLIP.c.id, _CLIP.c.source_class, _ARRIVAL.c.root, _ARRIVAL.c.path).join(
            _ARRIVAL, _ARRIVAL.c.clip_id == _CLIP.c.id
        )
        statement = statement.where(_CLIP.c.show == show)
        if clip_id is not None:
            statement = statement.where(_CLIP.c.id == clip_id)
        paths: dict[tuple[int, str], list[tuple[str, str]]] = defaultdict(list)
        for row in session.execute(statement):
            paths[row.id, row.source_class].append((row.root, row.path))
        changed = [(key, now) for (key, was), at in paths.items() if (now := class_of(at).value) != was]
        for key, now in changed:
            session.execute(sa.update(_CLIP).where(_CLIP.c.id == key).values(source_class=now))
        return len(changed)

    # -- looking clips up --------------------------------------------------------------------

    def clips(self, show: str) -> list[ClipRow]:
        """Every clip that lies, or lay, at some path, by name."""
        statement = select(ClipRow).where(col(ClipRow.show) == show, _placed())
        with self._database.read() as session:
            return list(session.exec(statement.order_by(col(ClipRow.name), col(ClipRow.id))))

    def clip(self, clip_id: int) -> ClipRow:
        """The clip of this id. Raises sqlalchemy's NoResultFound for none."""
        with self._database.read() as session:
            return session.get_one(ClipRow, clip_id)

    def newest(self, show: str) -> float | None:
        """When the show's last clip was indexed."""
        with self._database.read() as session:
            return session.execute(sa.select(sa.func.max(_CLIP.c.indexed_at)).where(_CLIP.c.show == show)).scalar()

    def clip_by_hash(self, show: str, content_hash: str) -> ClipRow | None:
        """The clip of this content."""
        statement = select(ClipRow).where(col(ClipRow.show) == show, col(ClipRow.content_hash) == content_hash)
        with self._database.read() as session:
            return session.exec(statement).first()

    def locations(self, clip: ClipRow) -> list[ArrivalRow]:
        """The paths of a clip, those that can be read first."""
        statement = select(ArrivalRow).where(col(ArrivalRow.clip_id) == clip.id).order_by(col(ArrivalRow.id))
        with self._database.read() as session:
            rows = list(session.exec(statement))
        order = {ArrivalState.INDEXED: 0, ArrivalState.DUPLICATE: 1}
        return sorted(rows, key=lambda row: order.get(ArrivalState(row.state), 2))

    def paths(self, show: str) -> dict[int, Path]:
        """Where each of the show's clips can be read now, by the clip's row id; clips that cannot are left out."""
        usable = (ArrivalState.DUPLICATE.value, ArrivalState.INDEXED.value)
        statement = (
            sa.select(_ARRIVAL.c.clip_id, _ARRIVAL.c.path)
            .where(_ARRIVAL.c.show == show, _ARRIVAL.c.clip_id.is_not(None), _ARRIVAL.c.state.in_(usable))
            # The last row of a clip stays: its first path, and an indexed one before a duplicate.
            .order_by(_ARRIVAL.c.state == ArrivalState.INDEXED.value, _ARRIVAL.c.id.desc())
        )
        with self._database.read() as session:
            return {row.clip_id: Path(row.path) for row in session.execute(statement)}

    def path_of(self, clip: ClipRow) -> Path | None:
        """Where the clip can be read now; None while all of its storage is away."""
        usable = {ArrivalState.INDEXED.value, ArrivalState.DUPLICATE.value}
        return next((Path(row.path) for row in self.locations(clip) if row.state in usable), None)

    def find_clip(self, show: str, text: str) -> list[ClipRow]:
        """The clips that a person may mean: one, none, or several of the same name.

        A content hash, path, clip name, file name, its stem, or a reel, exact before any case; then the
        end of a path or the beginning of a hash. The first of these that fits anything decides.
        """
        wanted = text.strip()
        with self._database.read() as session:
            statement = (
                sa.select(_ARRIVAL.c.path, *(_CLIP.c[name] for name in ("id", "name", "reel", "content_hash")))
                .join(_ARRIVAL, _ARRIVAL.c.clip_id == _CLIP.c.id)
                .where(_CLIP.c.show == show)
                .order_by(_CLIP.c.id)
            )
            rows = session.execute(statement).all()
            for same in (_equal, _alike):
                for names in _NAMES:
                    ids = {row.id for row in rows if any(same(name, wanted) for name in names(row))}
                    if ids:
                        clips = select(ClipRow).where(col(ClipRow.id).in_(ids)).order_by(col(ClipRow.id))
                        return list(session.exec(clips))
            ids = {row.id for row in rows if _ends(row, wanted)}
            return list(session.exec(select(ClipRow).where(col(ClipRow.id).in_(ids)).order_by(col(ClipRow.id))))

    def search_text(self, show: str, text: str, limit: int = 50) -> list[Hit]:
        """Clips that hold every word of *text*, the best first; a word of three letters may be a beginning.

        The text is words and nothing else: no character of it is syntax to a database.
        """
        words = clean(text).split()
        if not words:
            return []
        with self._database.read() as session:
            if self._database.is_sqlite:
                statement = _FTS5
                query = " AND ".join(f'"{word}"' + "*" * _begins(word) for word in words)
            else:
                statement = _TSVECTOR
                query = " & ".join(f"'{word}'" + ":*" * _begins(word) for word in words)
            found = session.execute(statement, {"query": query, "show": show, "limit": limit}).all()
            scores = {row.clip_id: float(row.score) for row in found}
            clips = session.exec(select(ClipRow).where(col(ClipRow.id).in_(scores), _placed())).all()
        hits = [Hit(clip, scores[id_of(clip)]) for clip in clips]
        return sorted(hits, key=lambda hit: (-hit.score, hit.clip.name, hit.clip.id))


_FTS5 = sa.text(
    "SELECT w.clip_id AS clip_id, -bm25(clip_words_fts) AS score FROM clip_words_fts"
    " JOIN clip_words w ON w.clip_id = clip_words_fts.rowid"
    " WHERE clip_words_fts MATCH :query AND w.show = :show ORDER BY score DESC, w.clip_id LIMIT :limit"
)
_TSVECTOR = sa.text(
    "SELECT clip_id, ts_rank(to_tsvector('simple', words), to_tsquery('simple', :query), 1) AS score"
    " FROM clip_words WHERE to_tsvector('simple', words) @@ to_tsquery('simple', :query) AND show = :show"
    " ORDER BY score DESC, clip_id LIMIT :limit"
)
_NAMES: tuple[Callable[[sa.Row[tuple[str, ...]]], tuple[str, ...]], ...] = (
    lambda row: (row.content_hash,),
    lambda row: (row.path,),
    lambda row: (row.name, Path(row.path).name, Path(row.path).stem, Path(row.path).name.split(".")[0]),
    lambda row: (row.reel or "",),
)


def _begins(word: str) -> bool:
    """`bike` finds bikes; a take's number, or a short word, is meant as it stands."""
    return len(word) >= _PREFIX and not word.isdigit()


def _equal(one: str, other: str) -> bool:
    return one == other


def _alike(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def _ends(row: sa.Row[tuple[str, ...]], text: str) -> bool:
    """The end of a path (`roll1/A001.mov`) or the beginning of a hash."""
    by_hash = len(text) >= _HASH_PREFIX and row.content_hash.startswith(text.lower())
    return by_hash or ("/" in text and row.path.casefold().endswith("/" + text.strip("/").casefold()))


def _placed() -> sa.ColumnElement[bool]:
    """The clip has a path; content that was overwritten, or became a frame of a sequence, has none."""
    return sa.exists().where(_ARRIVAL.c.clip_id == _CLIP.c.id)
