"""An archive of before: its tables as the first of all migrations made them."""

from sqlalchemy import Connection, text

LATER_STEPS = (
    "DROP TABLE study_value",
    "DROP TABLE instance_form",
    "ALTER TABLE instance DROP COLUMN received_sha256",
    "UPDATE alembic_version SET version_num = '0001'",
)


def undo_later_steps(connection: Connection) -> None:
    """Bring the tables back to the first step, with what is in them."""
    for statement in LATER_STEPS:
        connection.execute(text(statement))
