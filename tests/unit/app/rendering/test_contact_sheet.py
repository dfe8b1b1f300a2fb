"""Every sample object rendered, on one sheet for people to look at: ``build/contact_sheet.png``."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from app.codecs.errors import CannotTranscode
from app.dicom.errors import UnusableInstance
from app.rendering.decoded_frame import DecodedFrame
from app.rendering.errors import NotRenderable
from app.rendering.options import RenderOptions, Viewport
from app.rendering.picture import Picture
from app.rendering.pipeline import render, representative_frame
from tests.sample_data import COLLECTION, bundled_files, collection_files
from tests.unit.app.rendering.instances import Instance

SHEET = Path(__file__).parents[4] / "build" / "contact_sheet.png"
TILE, TITLE, COLUMNS = 160, 14, 12
PER_FOLDER_OF_A_STUDY = 3


def sample_files() -> list[Path]:
    """All files, but of whole studies a few of each folder."""
    studies: dict[Path, list[Path]] = {}
    files = bundled_files() + [path for path in collection_files() if COLLECTION / "studies" not in path.parents]
    for path in collection_files():
        if COLLECTION / "studies" in path.parents:
            studies.setdefault(path.parent, []).append(path)
    return files + [path for folder in studies.values() for path in folder[:: len(folder) // PER_FOLDER_OF_A_STUDY + 1]]


def pictures() -> Iterator[tuple[str, DecodedFrame, Picture]]:
    options = RenderOptions(viewport=Viewport(TILE, TILE - TITLE), overlays=True)
    for path in sample_files():
        instance = Instance(path)
        try:
            if not instance.has_frames:
                continue
            frame = representative_frame(instance.attributes(), instance.number_of_frames)
            decoded = instance.decoded(frame)
            yield path.name.rpartition("__")[2], decoded, render(decoded, instance.attributes(frame), options)
        except (UnusableInstance, CannotTranscode, NotRenderable):
            # What is refused has tests of its own; here only these errors may come.
            continue


def test_contact_sheet_shows_no_black_pictures() -> None:
    tiles = list(pictures())
    SHEET.parent.mkdir(exist_ok=True)
    sheet = Image.new("RGB", (COLUMNS * TILE, -(-len(tiles) // COLUMNS) * TILE), (40, 40, 80))
    draw = ImageDraw.Draw(sheet)
    for number, (name, _, picture) in enumerate(tiles):
        left, top = number % COLUMNS * TILE, number // COLUMNS * TILE
        sheet.paste(picture.image().convert("RGB"), (left, top + TITLE))
        draw.text((left + 2, top + 1), name[:26], (255, 255, 0))
    sheet.save(SHEET)
    black = [name for name, decoded, picture in tiles if picture.pixels.max() < 60 and np.ptp(decoded.samples)]

    assert len(tiles) >= (180 if COLLECTION.is_dir() else 60)
    assert black == ["1.dcm"], "a PET slice of few counts, whose own window is for the whole series"
