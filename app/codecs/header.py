"""What a codestream says of its own size."""

from dataclasses import dataclass

from app.codecs.errors import UndecodableFrame
from app.codecs.pixels import PixelDescription


@dataclass(frozen=True, slots=True)
class Header:
    """Width and height in pixels, and the bits of a sample; JPEG and JPEG-LS know no sign."""

    width: int
    height: int
    components: int
    precision: int
    is_signed: bool = False

    def check(self, pixels: PixelDescription) -> None:
        """Raises UndecodableFrame unless it goes with the data set (PS3.5 8.2)."""
        said = (self.height, self.width, self.components)
        expected = (pixels.rows, pixels.columns, pixels.samples_per_pixel)
        if said != expected:
            raise UndecodableFrame(f"The codestream has rows, columns and samples {said}, the data set {expected}.")
