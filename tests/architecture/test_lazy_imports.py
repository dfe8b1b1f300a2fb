"""What the process that starts and watches servers does without."""

import subprocess
import sys

HEAVY = {"sqlalchemy", "alembic", "obstore", "fastapi"}
"""Forty megabytes that only server processes, and commands that open an archive, have a use for."""


def test_the_command_line_imports_neither_databases_nor_object_stores() -> None:
    code = "import sys, app.cli.main, app.process.supervisor; print(*sys.modules)"
    imported = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert HEAVY.isdisjoint(imported)
