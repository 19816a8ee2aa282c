"""Pulls that tasks wait for."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pull",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("show", sa.String(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("pull", sa.JSON(), nullable=False),
        sa.Column("asked_at", sa.Float(), nullable=False),
        sa.Column("clip_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["clip_id"], ["clip.id"]),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("pull", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pull_show"), ["show"], unique=False)
        batch_op.create_index(batch_op.f("ix_pull_task_id"), ["task_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("pull", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pull_task_id"))
        batch_op.drop_index(batch_op.f("ix_pull_show"))

    op.drop_table("pull")
