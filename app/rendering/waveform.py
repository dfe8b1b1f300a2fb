"""Waveforms: the samples of a multiplex group in the units of each channel (PS3.3 C.10.9)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.rendering.attributes import Attributes
from app.rendering.errors import NotRenderable

MAX_CHANNELS = 64
"""Channels that are read of a group; an EEG has up to about 40 on a page."""

MAX_SAMPLES = 1 << 17
"""Samples that are read of each channel, from the first: more than ten seconds of any ECG."""

_GREATEST = 1e12
"""Values beyond are a slip, and would not fit into the numbers of a drawing."""

_DTYPES = {"SB": "<i1", "UB": "<u1", "SS": "<i2", "US": "<u2", "SL": "<i4", "UL": "<u4"}
"""By WaveformSampleInterpretation; compressed audio is absent."""


@dataclass(frozen=True, slots=True)
class Channel:
    """``values`` are in ``unit``, a UCUM code such as uV."""

    label: str
    unit: str
    values: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Waveform:
    """Channels sampled together, ``frequency`` times a second."""

    channels: Sequence[Channel]
    frequency: float

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.channels[0].values) / self.frequency


def read_waveform(attributes: Attributes) -> Waveform:
    """The longest multiplex group: an ECG also has median beats. Raises NotRenderable when there is none."""
    groups = [group for item in attributes.items("WaveformSequence") if (group := _read_group(item)) is not None]
    if not groups:
        raise NotRenderable("The instance has no waveform that can be drawn.")
    return max(groups, key=lambda group: group.seconds)


def _read_group(item: Attributes) -> Waveform | None:
    channels, samples = item.integer("NumberOfWaveformChannels") or 0, item.integer("NumberOfWaveformSamples") or 0
    frequency = item.number("SamplingFrequency") or 0
    dtype = np.dtype(_DTYPES.get(item.text("WaveformSampleInterpretation"), "V"))
    if channels < 1 or samples < 1 or frequency <= 0 or not dtype.itemsize:
        return None
    samples = min(samples, MAX_SAMPLES)
    data = item.binary("WaveformData")
    definitions = item.items("ChannelDefinitionSequence")
    if len(data) < channels * samples * dtype.itemsize or len(definitions) < channels:
        return None
    multiplexed = np.frombuffer(data, dtype, channels * samples).reshape(samples, channels)
    shown = range(min(channels, MAX_CHANNELS))
    return Waveform([_channel(definitions[number], multiplexed[:, number]) for number in shown], frequency)


def _channel(definition: Attributes, samples: NDArray[np.integer]) -> Channel:
    sensitivity = definition.number("ChannelSensitivity") or 1
    correction = definition.number("ChannelSensitivityCorrectionFactor") or 1
    values = samples.astype(np.float64) * (sensitivity * correction) + (definition.number("ChannelBaseline") or 0)
    label = definition.text("ChannelLabel") or definition.item("ChannelSourceSequence").text("CodeMeaning")
    unit = definition.item("ChannelSensitivityUnitsSequence").text("CodeValue")
    return Channel(label, unit, np.clip(values, -_GREATEST, _GREATEST).astype(np.float32))
