"""A rule of the standard that an instance breaks."""

from dataclasses import dataclass

from app.dicom.attribute_path import AttributePath, keywords_of


@dataclass(frozen=True, slots=True, order=True)
class Violation:
    """What is wrong with an attribute; ``reason`` goes on from the attribute's name and never holds a value of it.

    Violations are ordered by tag. As text, one is a sentence for a client.
    """

    attribute: AttributePath
    reason: str

    def __str__(self) -> str:
        tag = self.attribute[-1]
        return f"{keywords_of(self.attribute)} ({tag[:4]},{tag[4:]}) {self.reason}.".lstrip()
