"""What the groups of settings have in common."""

from typing import Final

from pydantic import ConfigDict

DOCUMENTED: Final = ConfigDict(use_attribute_docstrings=True, extra="forbid", hide_input_in_errors=True)
"""Each setting is described by the text below it; none is shown in an error, since it may be a secret."""
