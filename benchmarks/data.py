"""What is measured with, made here: a CT series with 0.5 MB slices, and small secondary captures of many patients."""

import io
from dataclasses import dataclass

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

ROWS = COLUMNS = 512
SMALL = 64


@dataclass(frozen=True)
class Instance:
    """A file and its UIDs."""

    study: str
    series: str
    instance: str
    data: bytes

    @property
    def path(self) -> str:
        return f"/studies/{self.study}/series/{self.series}/instances/{self.instance}"


def ct_series(slices: int) -> list[Instance]:
    """One series of noisy slices, 512 x 512 x 16 bit."""
    study, series = generate_uid(), generate_uid()
    noise = np.random.default_rng(1).integers(0, 4096, (ROWS, COLUMNS), dtype=np.uint16)
    return [
        _instance(CTImageStorage, study, series, number, np.roll(noise, number), "CT", "bench-ct")
        for number in range(slices)
    ]


def smooth_series(slices: int) -> list[Instance]:
    """One series of slices that compress as those of a scanner do, to a third: soft shapes, and noise of 12 levels."""
    study, series, random = generate_uid(), generate_uid(), np.random.default_rng(2)
    y, x = np.mgrid[-1 : 1 : ROWS * 1j, -1 : 1 : COLUMNS * 1j]
    shapes = 1000 + 800 * np.exp(-3 * (x**2 + 2 * y**2)) + 200 * np.cos(9 * x) * np.sin(7 * y)
    return [
        _instance(CTImageStorage, study, series, number, pixels.astype(np.uint16), "CT", "bench-smooth")
        for number in range(slices)
        for pixels in [shapes + random.normal(0, 12, shapes.shape)]
    ]


def small_studies(studies: int, per_study: int) -> list[Instance]:
    """Many studies of small instances (8 kB), each of its own patient."""
    pixels = np.zeros((SMALL, SMALL), dtype=np.uint16)
    return [
        _instance(SecondaryCaptureImageStorage, study, series, number, pixels, "OT", f"patient-{patient}")
        for patient in range(studies)
        for study, series in [(generate_uid(), generate_uid())]
        for number in range(per_study)
    ]


def _instance(
    sop_class: str, study: str, series: str, number: int, pixels: "np.ndarray", modality: str, patient: str
) -> Instance:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, generate_uid()
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study, series
    dataset.PatientName, dataset.PatientID = f"Bench^{patient}", patient
    dataset.StudyDate, dataset.StudyTime, dataset.AccessionNumber = "20260101", "101112", patient
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = modality, 1, number + 1
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 0
    dataset.PixelData = pixels.tobytes()
    # What a scanner's header weighs beside the above.
    for element in range(0x1001, 0x1081):
        dataset.add_new((0x0019, element), "LO", f"private value {element}")
    dataset.add_new((0x0019, 0x0010), "LO", "FOVEA BENCHMARK")
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return Instance(study, series, dataset.SOPInstanceUID, buffer.getvalue())
