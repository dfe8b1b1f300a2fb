"""``python -m tests.fuzz PROGRAM [OPTIONS]``: let schemathesis, which is PROGRAM, loose on a server with examples."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import requests

from tests.examples import NATIVE, example, examples
from tests.live_server import LiveServer, live_server
from tests.multipart_requests import CONTENT_TYPE, store_body

OPTIONS = ("--checks", "not_a_server_error", "--continue-on-failure", "--suppress-health-check", "all", "--no-color")
QUIET = ("--warnings", "off")


def main(program: str, *options: str) -> int:
    """The exit status: 0 when no answer was a 5xx and nothing failed inside the server."""
    with tempfile.TemporaryDirectory() as folder, live_server(Path(folder) / "data", workers=2) as server:
        body = store_body(source.path.read_bytes() for source in examples())
        answer = requests.post(f"{server.root}/studies", data=body, headers={"Content-Type": CONTENT_TYPE}, timeout=60)
        answer.raise_for_status()
        description = f"{server.origin}/openapi.json"
        command = [program, "run", description, *OPTIONS, *QUIET, *options]
        status = subprocess.run(command, check=False, env=_environment()).returncode
        _show_faults(server)
        server.assert_without_fault()
    return status


def _environment() -> dict[str, str]:
    """The environment of the program: where our part of it is, and what is stored."""
    stored = [(source.study, source.series, source.instance) for source in examples()]
    return os.environ | {
        "PYTHONPATH": str(Path.cwd()),
        "SCHEMATHESIS_HOOKS": "tests.fuzz.hooks",
        "STORED_INSTANCES": json.dumps(stored),
        "EXAMPLE_FILE": str(example(NATIVE).path),
    }


def _show_faults(server: LiveServer) -> None:
    """What the server logged of failures, for who looks for their cause."""
    for line in server.log.read_text(encoding="utf-8", errors="replace").splitlines():
        if " ERROR " in line:
            sys.stderr.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
