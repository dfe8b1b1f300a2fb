"""Waveforms against pydicom's arrays, and the sheet that they are drawn on."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from app.rendering.errors import NotRenderable
from app.rendering.options import Annotation, RenderOptions, Viewport
from app.rendering.waveform import read_waveform
from app.rendering.waveform_sheet import render_waveform
from tests.unit.app.rendering.instances import Instance, attributes_of

ECG = Path(str(get_testdata_file("waveform_ecg.dcm", download=False)))
PIXELS_PER_MILLIMETER = 4
MARGIN_MILLIMETERS, HEADER_MILLIMETERS, ROW_MILLIMETERS = 8, 15, 30


def test_channels_are_pydicoms() -> None:
    waveform = read_waveform(Instance(ECG).attributes())
    expected = pydicom.dcmread(ECG).waveform_array(0)

    assert (waveform.frequency, waveform.seconds) == (1000, 10)
    assert [channel.label for channel in waveform.channels][:2] == ["Lead I (Einthoven)", "Lead II"]
    assert {channel.unit for channel in waveform.channels} == {"uV"}
    assert np.allclose(np.stack([channel.values for channel in waveform.channels], axis=1), expected)


def group(samples: np.ndarray, interpretation: str = "SS", *, seconds: float = 2, **attributes: object) -> Dataset:
    """A multiplex group of an array of shape (samples, channels)."""
    item = Dataset()
    item.NumberOfWaveformSamples, item.NumberOfWaveformChannels = samples.shape
    item.SamplingFrequency = len(samples) / seconds
    item.WaveformSampleInterpretation = interpretation
    item.WaveformBitsAllocated = 8 * samples.dtype.itemsize
    item.add_new("WaveformData", "OW", samples.tobytes())
    channels = [Dataset() for _ in range(samples.shape[1])]
    for number, channel in enumerate(channels):
        channel.ChannelLabel = f"C{number}"
        for keyword, value in attributes.items():
            setattr(channel, keyword, value)
    item.ChannelDefinitionSequence = Sequence(channels)
    return item


def waveform_of(*groups: Dataset) -> Dataset:
    data_set = Dataset()
    data_set.WaveformSequence = Sequence(groups)
    return data_set


def test_sensitivity_correction_and_baseline_are_pydicoms() -> None:
    samples = np.arange(-500, 500, dtype=np.int16).reshape(500, 2)
    data_set = waveform_of(
        group(samples, ChannelSensitivity=2.5, ChannelSensitivityCorrectionFactor=1.1, ChannelBaseline=7)
    )
    data_set.set_original_encoding(is_implicit_vr=False, is_little_endian=True)
    channels = read_waveform(attributes_of(data_set)).channels

    assert np.allclose(channels[1].values, data_set.waveform_array(0)[:, 1], rtol=1e-5)


def rows_with_ink(pixels: np.ndarray, left: float, right: float, row: int) -> np.ndarray:
    """The rows of the sheet, from the top of a strip's middle, in which a column range has dark pixels."""
    columns = slice(
        round((MARGIN_MILLIMETERS + left) * PIXELS_PER_MILLIMETER),
        round((MARGIN_MILLIMETERS + right) * PIXELS_PER_MILLIMETER),
    )
    top = (HEADER_MILLIMETERS + row * ROW_MILLIMETERS) * PIXELS_PER_MILLIMETER
    strip = pixels[top : top + ROW_MILLIMETERS * PIXELS_PER_MILLIMETER, columns]
    return np.flatnonzero((strip.max(axis=2) < 120).any(axis=1))


def test_one_millivolt_is_one_centimeter_and_one_second_25_millimeters() -> None:
    unit = Dataset()
    unit.CodeValue = "mV"
    steps = np.repeat([0, 1], 500).astype(np.int16).reshape(1000, 1)
    data_set = waveform_of(group(steps, seconds=2, ChannelSensitivityUnitsSequence=Sequence([unit])))
    pixels = render_waveform(attributes_of(data_set), RenderOptions()).pixels
    at_rest, raised = rows_with_ink(pixels, 15, 24, 0), rows_with_ink(pixels, 27, 45, 0)

    assert pixels.shape[1] == (2 * 25 + 2 * MARGIN_MILLIMETERS) * PIXELS_PER_MILLIMETER
    assert abs(np.median(at_rest) - np.median(raised) - 10 * PIXELS_PER_MILLIMETER) <= 1


def test_twelve_leads_are_four_rows_and_others_a_row_each() -> None:
    ecg = render_waveform(Instance(ECG).attributes(), RenderOptions()).pixels
    three = render_waveform(attributes_of(waveform_of(group(np.zeros((100, 3), np.int16)))), RenderOptions()).pixels

    assert ecg.shape[:2] == ((2 * 15 + 4 * 30) * 4, (10 * 25 + 2 * 8) * 4)
    assert three.shape[0] == (2 * 15 + 3 * 30) * 4


def test_sheet_fits_into_the_viewport_and_is_annotated() -> None:
    plain = render_waveform(Instance(ECG).attributes(), RenderOptions(viewport=Viewport(400, 400)))
    options = RenderOptions(viewport=Viewport(400, 400), annotations=frozenset(Annotation))

    assert plain.pixels.shape[1] == 400
    assert not np.array_equal(render_waveform(Instance(ECG).attributes(), options).pixels, plain.pixels)


def test_instance_without_waveform_is_refused() -> None:
    with pytest.raises(NotRenderable):
        read_waveform(attributes_of(Dataset()))


@pytest.mark.parametrize("frequency", [1e-9, 1e9])
def test_absurd_frequencies_do_no_harm(frequency: float) -> None:
    item = group(np.zeros((100, 2), np.int16))
    item.SamplingFrequency = frequency

    assert render_waveform(attributes_of(waveform_of(item)), RenderOptions()).pixels.shape[1] < 2000


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("NumberOfWaveformSamples", 2**32 - 1),
        ("NumberOfWaveformSamples", 0),
        ("NumberOfWaveformChannels", 65535),
        ("SamplingFrequency", 0),
        ("WaveformSampleInterpretation", "MB"),
    ],
)
def test_groups_that_promise_what_they_do_not_hold_are_refused(keyword: str, value: object) -> None:
    item = group(np.zeros((100, 2), np.int16))
    setattr(item, keyword, value)

    with pytest.raises(NotRenderable):
        read_waveform(attributes_of(waveform_of(item)))
