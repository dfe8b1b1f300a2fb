"""What a frame holds by other libraries: pydicom with libjpeg, OpenJPEG, CharLS and RLE through their own wrappers."""

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels import get_decoder

from app.codecs.pixels import Frame, PixelDescription


def judged(frame: Frame, transfer_syntax_uid: str, pixels: PixelDescription) -> np.ndarray:
    """The samples of a codestream, of shape (rows, columns) or (rows, columns, 3)."""
    data_set = Dataset()
    data_set.file_meta = FileMetaDataset()
    data_set.file_meta.TransferSyntaxUID = transfer_syntax_uid
    data_set.Rows, data_set.Columns = pixels.rows, pixels.columns
    data_set.SamplesPerPixel = pixels.samples_per_pixel
    data_set.PhotometricInterpretation = frame.photometric_interpretation
    if pixels.samples_per_pixel > 1:
        data_set.PlanarConfiguration = frame.planar_configuration
    data_set.BitsAllocated, data_set.BitsStored = pixels.bits_allocated, pixels.bits_stored
    data_set.HighBit, data_set.PixelRepresentation = pixels.high_bit, int(pixels.is_signed)
    data_set.PixelData = encapsulate([frame.data])
    array, _ = get_decoder(transfer_syntax_uid).as_array(data_set, raw=True)
    return array
