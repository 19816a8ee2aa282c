"""Tasks whose note says all there is are passed over by those who look for notes to edit."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.add_column(sa.Column("settled_at", sa.Float(), server_default="0", nullable=False))
    unsettled = sa.text("state != 'new' AND settled_at != changed_at")
    op.create_index("ix_task_unsettled", "task", ["show"], sqlite_where=unsettled, postgresql_where=unsettled)


def downgrade() -> None:
    op.drop_index("ix_task_unsettled", table_name="task")
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.drop_column("settled_at")
