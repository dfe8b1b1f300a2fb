"""The command ``fovea`` within the tests' own process: to start another one takes a second."""

import os
from unittest.mock import patch

from typer.testing import CliRunner, Result

from app.cli.main import app


def fovea(*arguments: str, given: str = "") -> Result:
    """What the command did; ``given`` is its standard input. It leaves the environment as it was."""
    with patch.dict(os.environ):
        # Wide enough that no line of the output is broken.
        result = CliRunner().invoke(app, arguments, input=given, env={"COLUMNS": "400"})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result
