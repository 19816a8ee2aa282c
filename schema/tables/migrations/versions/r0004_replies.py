"""Due dates in the queue, and what a task's people were heard to say."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.add_column(sa.Column("due", sa.String(), server_default="9999-12-31", nullable=False))
        batch_op.drop_index("ix_job_claimable")
    _claimable("lane", sa.text("priority DESC"), "due", "id")
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.add_column(sa.Column("heard", sa.JSON(), server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("acted", sa.JSON(), server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("asked", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("digest", sa.String(), server_default="", nullable=False))
        batch_op.create_index(batch_op.f("ix_task_digest"), ["digest"], unique=False)
    with op.batch_alter_table("version", schema=None) as batch_op:
        batch_op.add_column(sa.Column("asked", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("version", schema=None) as batch_op:
        batch_op.drop_column("asked")
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_task_digest"))
        for name in ("digest", "asked", "acted", "heard"):
            batch_op.drop_column(name)
    op.drop_index("ix_job_claimable", table_name="job")
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.drop_column("due")
    _claimable("lane", sa.text("priority DESC"), "id")


def _claimable(*columns: str | sa.TextClause) -> None:
    queued = sa.text("state = 'queued'")
    op.create_index("ix_job_claimable", "job", list(columns), sqlite_where=queued, postgresql_where=queued)
