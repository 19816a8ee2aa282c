"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "clip",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("show", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("source_class", sa.String(), nullable=False),
        sa.Column("frames", sa.Integer(), nullable=False),
        sa.Column("rate", sa.String(), nullable=True),
        sa.Column("timecode", sa.String(), nullable=True),
        sa.Column("reel", sa.String(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("cuts", sa.JSON(), nullable=False),
        sa.Column("thumbnail", sa.String(), nullable=True),
        sa.Column("features", sa.String(), nullable=True),
        sa.Column("indexed_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("show", "content_hash"),
    )
    with op.batch_alter_table("clip", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_clip_name"), ["name"], unique=False)
        batch_op.create_index(batch_op.f("ix_clip_show"), ["show"], unique=False)

    op.create_table(
        "control",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("changed_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "cursor",
        sa.Column("tracker", sa.String(), nullable=False),
        sa.Column("cursor", sa.String(), nullable=False),
        sa.Column("read_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("tracker"),
    )
    op.create_table(
        "event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tracker", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("entity_type", sa.String(), nullable=True),
        sa.Column("entity_id", sa.String(), nullable=True),
        sa.Column("by_us", sa.Boolean(), nullable=False),
        sa.Column("received_at", sa.Float(), nullable=False),
        sa.Column("handled_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("tracker", "event_id"),
    )
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_event_entity_id"), ["entity_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_event_handled_at"), ["handled_at"], unique=False)

    op.create_table(
        "job",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("show", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("dedupe_key", sa.String(), nullable=True),
        sa.Column("task_id", sa.Integer(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("max_attempts", sa.Integer(), nullable=False),
        sa.Column("crashes", sa.Integer(), nullable=False),
        sa.Column("run_after", sa.Float(), nullable=False),
        sa.Column("lease_until", sa.Float(), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("unmet", sa.Integer(), nullable=False),
        sa.Column("progress", sa.Float(), nullable=False),
        sa.Column("doing", sa.String(), nullable=False),
        sa.Column("cancel", sa.Boolean(), nullable=False),
        sa.Column("error_type", sa.String(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("started_at", sa.Float(), nullable=True),
        sa.Column("finished_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.create_index(
            "ix_job_claimable",
            ["lane", sa.text("priority DESC"), "id"],
            unique=False,
            sqlite_where=sa.text("state = 'queued'"),
            postgresql_where=sa.text("state = 'queued'"),
        )
        batch_op.create_index(
            "ix_job_cancel",
            ["id"],
            unique=False,
            sqlite_where=sa.text("cancel = 1"),
            postgresql_where=sa.text("cancel"),
        )
        batch_op.create_index(
            "ix_job_open_dedupe",
            ["dedupe_key"],
            unique=True,
            sqlite_where=sa.text("dedupe_key IS NOT NULL AND state IN ('waiting', 'queued', 'running', 'paused')"),
            postgresql_where=sa.text("dedupe_key IS NOT NULL AND state IN ('waiting', 'queued', 'running', 'paused')"),
        )
        batch_op.create_index(batch_op.f("ix_job_show"), ["show"], unique=False)
        batch_op.create_index(batch_op.f("ix_job_state"), ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_job_task_id"), ["task_id"], unique=False)

    op.create_table(
        "ledger",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("show", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("result", sa.String(), nullable=True),
        sa.Column("begun_at", sa.Float(), nullable=False),
        sa.Column("done_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("key"),
    )
    with op.batch_alter_table("ledger", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ledger_show"), ["show"], unique=False)

    op.create_table(
        "task",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("show", sa.String(), nullable=False),
        sa.Column("tracker", sa.String(), nullable=False),
        sa.Column("tracker_ref", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("entity_type", sa.String(), nullable=True),
        sa.Column("entity_ref", sa.String(), nullable=True),
        sa.Column("entity_name", sa.String(), nullable=False),
        sa.Column("processor", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("brief", sa.JSON(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("due", sa.String(), nullable=True),
        sa.Column("changed_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("tracker", "tracker_ref"),
    )
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_task_show"), ["show"], unique=False)
        batch_op.create_index(batch_op.f("ix_task_state"), ["state"], unique=False)

    op.create_table(
        "arrival",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("show", sa.String(), nullable=False),
        sa.Column("root", sa.String(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("before_offline", sa.String(), nullable=True),
        sa.Column("clip_id", sa.Integer(), nullable=True),
        sa.Column("seen_at", sa.Float(), nullable=False),
        sa.Column("changed_at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clip_id"],
            ["clip.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("show", "path"),
    )
    with op.batch_alter_table("arrival", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_arrival_clip_id"), ["clip_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_arrival_show"), ["show"], unique=False)
        batch_op.create_index(batch_op.f("ix_arrival_state"), ["state"], unique=False)

    op.create_table(
        "clip_words",
        sa.Column("clip_id", sa.Integer(), nullable=False),
        sa.Column("show", sa.String(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clip_id"],
            ["clip.id"],
        ),
        sa.PrimaryKeyConstraint("clip_id"),
    )
    with op.batch_alter_table("clip_words", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_clip_words_show"), ["show"], unique=False)

    op.create_table(
        "finding",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("show", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=True),
        sa.Column("clip_id", sa.Integer(), nullable=False),
        sa.Column("finding", sa.JSON(), nullable=False),
        sa.Column("found_at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clip_id"],
            ["clip.id"],
        ),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["job.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("job_id", "position"),
        sa.UniqueConstraint("show", "number"),
    )
    with op.batch_alter_table("finding", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_finding_clip_id"), ["clip_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_finding_show"), ["show"], unique=False)

    op.create_table(
        "job_need",
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("needs_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["job.id"],
        ),
        sa.ForeignKeyConstraint(
            ["needs_id"],
            ["job.id"],
        ),
        sa.PrimaryKeyConstraint("job_id", "needs_id"),
    )
    with op.batch_alter_table("job_need", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_job_need_needs_id"), ["needs_id"], unique=False)

    op.create_table(
        "version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("show", sa.String(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=True),
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("plate_clip_id", sa.Integer(), nullable=True),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("tracker_ref", sa.String(), nullable=True),
        sa.Column("folder", sa.String(), nullable=False),
        sa.Column("outcome", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.Float(), nullable=False),
        sa.Column("published_at", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["job.id"],
        ),
        sa.ForeignKeyConstraint(
            ["plate_clip_id"],
            ["clip.id"],
        ),
        sa.ForeignKeyConstraint(
            ["task_id"],
            ["task.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("job_id"),
        sa.UniqueConstraint("key"),
        sa.UniqueConstraint("show", "code"),
    )
    with op.batch_alter_table("version", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_version_show"), ["show"], unique=False)
        batch_op.create_index(batch_op.f("ix_version_task_id"), ["task_id"], unique=False)

    _full_text()


def _full_text() -> None:
    """Word search over clip_words.words by each database's own means."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE INDEX ix_clip_words_fts ON clip_words USING gin (to_tsvector('simple', words))")
        return
    op.execute("CREATE VIRTUAL TABLE clip_words_fts USING fts5(words, content='clip_words', content_rowid='clip_id')")
    for name, when, statements in (
        ("ai", "INSERT", (_ADD,)),
        ("ad", "DELETE", (_DROP,)),
        ("au", "UPDATE", (_DROP, _ADD)),
    ):
        op.execute(f"CREATE TRIGGER clip_words_fts_{name} AFTER {when} ON clip_words BEGIN {' '.join(statements)} END")


_ADD = "INSERT INTO clip_words_fts(rowid, words) VALUES (new.clip_id, new.words);"
_DROP = "INSERT INTO clip_words_fts(clip_words_fts, rowid, words) VALUES ('delete', old.clip_id, old.words);"


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP INDEX ix_clip_words_fts")
    else:
        op.execute("DROP TABLE clip_words_fts")
    with op.batch_alter_table("version", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_version_task_id"))
        batch_op.drop_index(batch_op.f("ix_version_show"))

    op.drop_table("version")
    with op.batch_alter_table("job_need", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_job_need_needs_id"))

    op.drop_table("job_need")
    with op.batch_alter_table("finding", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_finding_show"))
        batch_op.drop_index(batch_op.f("ix_finding_clip_id"))

    op.drop_table("finding")
    with op.batch_alter_table("clip_words", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_clip_words_show"))

    op.drop_table("clip_words")
    with op.batch_alter_table("arrival", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_arrival_state"))
        batch_op.drop_index(batch_op.f("ix_arrival_show"))
        batch_op.drop_index(batch_op.f("ix_arrival_clip_id"))

    op.drop_table("arrival")
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_task_state"))
        batch_op.drop_index(batch_op.f("ix_task_show"))

    op.drop_table("task")
    with op.batch_alter_table("ledger", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ledger_show"))

    op.drop_table("ledger")
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_job_task_id"))
        batch_op.drop_index(batch_op.f("ix_job_state"))
        batch_op.drop_index(batch_op.f("ix_job_show"))
        batch_op.drop_index(
            "ix_job_open_dedupe",
            sqlite_where=sa.text("dedupe_key IS NOT NULL AND state IN ('waiting', 'queued', 'running', 'paused')"),
            postgresql_where=sa.text("dedupe_key IS NOT NULL AND state IN ('waiting', 'queued', 'running', 'paused')"),
        )
        batch_op.drop_index(
            "ix_job_claimable",
            sqlite_where=sa.text("state = 'queued'"),
            postgresql_where=sa.text("state = 'queued'"),
        )
        batch_op.drop_index(
            "ix_job_cancel",
            sqlite_where=sa.text("cancel = 1"),
            postgresql_where=sa.text("cancel"),
        )

    op.drop_table("job")
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_event_handled_at"))
        batch_op.drop_index(batch_op.f("ix_event_entity_id"))

    op.drop_table("event")
    op.drop_table("cursor")
    op.drop_table("control")
    with op.batch_alter_table("clip", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_clip_show"))
        batch_op.drop_index(batch_op.f("ix_clip_name"))

    op.drop_table("clip")
