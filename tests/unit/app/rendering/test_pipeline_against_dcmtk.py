"""Whole renderings beside those of DCMTK, which shares no code with this project."""

import shutil
import subprocess
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.rendering.options import RenderOptions
from app.rendering.pipeline import render
from tests.sample_data import COLLECTION, COLLECTION_IS_MISSING, bundled_files
from tests.unit.app.rendering.instances import Instance

DCMTK = shutil.which("dcmj2pnm")
pytestmark = pytest.mark.skipif(DCMTK is None, reason="DCMTK is not installed")

FIRST_WINDOW, FIRST_TABLE = ["+Wi", "1"], ["+Wl", "1"]

BUNDLED = {
    "MR_small.dcm": FIRST_WINDOW,
    "MR_small_bigendian.dcm": FIRST_WINDOW,
    "MR_small_RLE.dcm": FIRST_WINDOW,
    "examples_overlay.dcm": FIRST_WINDOW,
    "examples_palette.dcm": [],
    "examples_rgb_color.dcm": [],
    "examples_ybr_color.dcm": [],
    "SC_ybr_full_422_uncompressed.dcm": [],
    "SC_rgb_rle_16bit.dcm": [],
}
FROM_THE_COLLECTION = {
    "ct/ClearCanvas__compressed.dcm": FIRST_WINDOW,
    "ct/fo-dicom__GH355.dcm": FIRST_WINDOW,
    "cr-dx-mg/fo-dicom__CR-MONO1-10-chest.dcm": FIRST_WINDOW,
    "cr-dx-mg/dicom-test-files__RG3_JPLY.dcm": FIRST_WINDOW,
    "cr-dx-mg/DICOMSamples__MG_Explicit_Little.dcm": FIRST_WINDOW,
    "mr/dicom-test-files__MR1_JPLY.dcm": FIRST_WINDOW,
    "nm/dcm4che__NM-MONO2-16-13x-heart.dcm": FIRST_WINDOW,
    "pet/dicom__1.dcm": FIRST_WINDOW,
    "secondary-capture/dicom-test-files__mlut_18.dcm": ["+Wm"],
    "us-multiframe/dicomweb-client__US-PAL-8-10x-echo.dcm": [],
    "wsi/EZ-WSI-DICOMweb__multiframe_camelyon_challenge_image.dcm": [],
}
"""The window that DCMTK is told to take: the one that the image names, which we take without being told."""


def by_dcmtk(path: Path, window: list[str]) -> Image.Image:
    """The first frame with all overlays."""
    command = [str(DCMTK), "--frame", "1", "--write-png", *window, str(path)]
    return Image.open(BytesIO(subprocess.run(command, capture_output=True, check=True).stdout))


def assert_as_dcmtk(path: Path, window: list[str]) -> None:
    """DCMTK cuts off where we round: one level is between them."""
    instance = Instance(path)
    pixels = render(instance.decoded(), instance.attributes(), RenderOptions(overlays=True)).pixels
    expected = np.asarray(by_dcmtk(path, window).convert("RGB" if pixels.ndim == 3 else "L")).astype(int)

    assert pixels.shape == expected.shape
    assert np.abs(pixels - expected).max() <= 1


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_files(name: str) -> None:
    path = next(path for path in bundled_files() if path.name == name)

    assert_as_dcmtk(path, BUNDLED[name])


@pytest.mark.parametrize("name", FROM_THE_COLLECTION)
def test_files_of_the_collection(name: str) -> None:
    if not (COLLECTION / name).is_file():
        pytest.skip(COLLECTION_IS_MISSING)

    assert_as_dcmtk(COLLECTION / name, FROM_THE_COLLECTION[name])
