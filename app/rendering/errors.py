"""What can go wrong in rendering; the messages are for the client to act on."""


class InvalidRenderingParameter(Exception):
    """A query parameter cannot be read; the message names it and its value."""

    def __init__(self, name: str, value: str, problem: str) -> None:
        super().__init__(f"{name}={value[:80]}: {problem}")
        self.name = name


class NotRenderable(Exception):
    """The instance has no picture; the message says why."""
