"""The settings as a table for people, made from their own descriptions."""

import json
from collections.abc import Iterator

from pydantic import BaseModel

from app.settings import Settings

HEADING = """# Settings

Each is an environment variable. `fovea settings` prints those in force; `fovea serve --help` names the flags that go
before them. A list is written as JSON: `FOVEA_CORS__ORIGINS='["https://viewer.example.org"]'`.

| variable | default | meaning |
|---|---|---|
"""


def settings_table() -> str:
    """The document `docs/settings.md`."""
    prefix = Settings.model_config["env_prefix"]
    return HEADING + "".join(
        f"| `{name}` | {default} | {meaning} |\n" for name, default, meaning in _rows(Settings, prefix)
    )


def _rows(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, str, str]]:
    for name, field in model.model_fields.items():
        group, default = field.annotation, field.get_default()
        if isinstance(group, type) and issubclass(group, BaseModel):
            yield from _rows(group, f"{prefix}{name.upper()}__")
        else:
            meaning = " ".join((field.description or "").split()).replace("``", "`")
            shown = json.dumps(default) if isinstance(default, list | dict) else default
            yield f"{prefix}{name.upper()}", f"`{shown}`" if shown not in {None, ""} else "", meaning
