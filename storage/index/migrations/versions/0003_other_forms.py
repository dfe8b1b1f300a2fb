"""Instances in another transfer syntax than they came in: digests as received, and files beside the stored ones."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")
"""Text that compares by code point in every database, whatever its language."""


def upgrade() -> None:
    op.add_column("instance", sa.Column("received_sha256", sa.LargeBinary(), nullable=True))
    op.create_table(
        "instance_form",
        sa.Column("instance_row", sa.Integer(), sa.ForeignKey("instance.id"), primary_key=True, nullable=False),
        sa.Column("transfer_syntax_uid", TEXT, nullable=False),
        sa.Column("blob_key", TEXT, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("frame_index", sa.LargeBinary(), nullable=False),
    )
    op.create_index("ix_instance_form_blob_key", "instance_form", ["blob_key"])
