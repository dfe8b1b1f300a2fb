"""What can go wrong in a use case; the message is for the client."""


class ResourceNotFound(Exception):
    """Nothing is stored under the name, or nothing that the client may see."""


class LostBytes(Exception):
    """The index names bytes that the store does not have: a fault of the archive, not of the request."""


class UnreadableArchive(Exception):
    """A zip archive, or a file in it, cannot be read."""


class ArchiveTooLarge(Exception):
    """A zip archive holds more than is read at once."""
