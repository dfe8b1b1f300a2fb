"""A small archive made to catch mistakes of a search: each study is here for something that is easily got wrong.

Study 7 is ``1.2.3.7``, its second series ``1.2.3.7.2``, the third instance of that ``1.2.3.7.2.3``; so UIDs begin as
others do.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from typing import NamedTuple

import pydicom
from pydicom import config
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, EnhancedSRStorage, ExplicitVRLittleEndian, MRImageStorage

ROOT = "1.2.3"
CREATOR = "ACME 1.1"
"""A private creator that has another block in each study of which it is part."""

Attributes = Mapping[str, object]
_SOP_CLASSES = {"CT": CTImageStorage, "MR": MRImageStorage}


class Series(NamedTuple):
    """A series: its own attributes, and those of each of its instances."""

    attributes: Attributes
    instances: Sequence[Attributes] = ({},)


def _item(**attributes: object) -> Dataset:
    item = Dataset()
    for keyword, value in attributes.items():
        setattr(item, keyword, value)
    return item


def _request(step: str | None, procedure: str | None, *codes: str) -> Dataset:
    """An item of the Request Attributes Sequence; None leaves an attribute out."""
    item = _item(ScheduledProtocolCodeSequence=[_item(CodeValue=c, CodingSchemeDesignator="99X") for c in codes])
    for keyword, value in {"ScheduledProcedureStepID": step, "RequestedProcedureID": procedure}.items():
        if value is not None:
            setattr(item, keyword, value)
    return item


CT, MR = Series({"Modality": "CT"}), Series({"Modality": "MR"})

STUDIES: list[tuple[Attributes, Sequence[Series]]] = [
    # 1-4: the same PatientID of different issuers and in another case; a moment written with each precision.
    (
        {
            "SpecificCharacterSet": ["", "ISO 2022 IR 87"],
            "PatientName": "Yamada^Tarou=山田^太郎=やまだ^たろう",
            "PatientID": "A1",
            "IssuerOfPatientID": "HOSPITAL A",
            "StudyDate": "20200101",
            "StudyTime": "083000",
            "AccessionNumber": "ACC1",
        },
        [CT, MR],
    ),
    (
        {
            "SpecificCharacterSet": "ISO_IR 100",
            "PatientName": "Müller^Änne",
            "PatientID": "A1",
            "IssuerOfPatientID": "HOSPITAL B",
            "StudyDate": "20200101",
            "StudyTime": "083000.5",
            "AccessionNumber": "ACC10",
        },
        [CT],
    ),
    (
        {"PatientName": "MULLER^Anne", "PatientID": "A1", "StudyDate": "20200102", "StudyTime": "0830"},
        [MR],
    ),
    (
        {"PatientName": "Mueller^Anne^^", "PatientID": "a1", "StudyDate": "20200102", "StudyTime": "08"},
        [CT, CT],
    ),
    # 5: all components of a name; the last microsecond of a year. 6, 7: empty and absent.
    (
        {
            "PatientName": "O'Brien^Seán^^Dr^Jr",
            "PatientID": "100%",
            "StudyDate": "20191231",
            "StudyTime": "235959.999999",
            "PatientSex": "M",
            "PatientBirthDate": "19800229",
        },
        [CT],
    ),
    (
        {"PatientName": "", "PatientID": "100_", "StudyDate": "", "StudyTime": "", "PatientSex": "", "StudyID": ""},
        [Series({"Modality": "CT", "SeriesDescription": "", "SeriesNumber": None})],
    ),
    ({"PatientID": "100X"}, [Series({"Modality": "CT"})]),
    # 8: as written before DICOM 3. 9-12: characters that mean something to a query, a pattern, or a database.
    (
        {"PatientName": "Old^Form", "PatientID": "[A-Z]1", "StudyDate": "1997.04.24", "StudyTime": "10:30:15"},
        [MR],
    ),
    ({"PatientName": "Wang^XiaoDong=王^小東=", "PatientID": "Q*", "StudyDate": "20210101"}, [CT]),
    ({"PatientName": "Hong^Gildong=洪^吉洞=홍^길동", "PatientID": "Q?", "StudyDate": "20210101"}, [CT]),
    (
        {
            "PatientName": "Semi;Colon^Ann",
            "PatientID": "A,B",
            "StudyDate": "20210102",
            "StudyDescription": 'Say "cheese", 50% off; a_b [c] {d} (e)+f/g#h&i=j',
        },
        [CT],
    ),
    (
        {"PatientName": "Robert'); DROP--^Bob", "PatientID": "' OR 1=1 --", "StudyDescription": "abdomen"},
        [CT],
    ),
    # 13: spaces around a value and within it. 14: several values.
    ({"PatientName": "Space^Ed", "PatientID": " padded ", "StudyDescription": "  two  words "}, [CT]),
    (
        {
            "PatientName": "Many^Values",
            "PatientID": "M14",
            "OtherPatientNames": ["Vielfalt^Maria", "Multi^Ple"],
            "MedicalAlerts": ["PEANUTS", "LATEX"],
        },
        [
            Series(
                {"Modality": "CT", "OperatorsName": ["Op^One", "Öp^Two"], "SoftwareVersions": ["1.0", "2.0"]},
                [{"ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"]}, {"ImageType": ["DERIVED", "SECONDARY"]}],
            )
        ],
    ),
    # 15, 16: date-times with and without an offset, and of each precision.
    (
        {"PatientName": "Time^Zone", "PatientID": "T15"},
        [
            Series(
                {"Modality": "PT"},
                [
                    {"AcquisitionDateTime": "20200615120000+0200"},
                    {"AcquisitionDateTime": "20200615100000+0000"},
                    {"AcquisitionDateTime": "20200615100000.000001+0000"},
                    {"AcquisitionDateTime": "20200614230000-1100"},
                    {"AcquisitionDateTime": ""},
                    {},
                    {"AcquisitionDateTime": "20170615120000", "TimezoneOffsetFromUTC": "+0200"},
                ],
            )
        ],
    ),
    (
        {"PatientName": "Time^Local", "PatientID": "T16"},
        [
            Series(
                {"Modality": "PT"},
                [
                    {"AcquisitionDateTime": "20180615100000"},
                    {"AcquisitionDateTime": "201806"},
                    {"AcquisitionDateTime": "2018"},
                    {"AcquisitionDateTime": "20180615"},
                    {"AcquisitionDateTime": "20180615100000.25"},
                ],
            )
        ],
    ),
    # 17-19: sequences: the same values in one item or spread over two, nested, empty.
    (
        {"PatientName": "Seq^Split", "PatientID": "S17"},
        [
            Series({"Modality": "CT", "RequestAttributesSequence": [_request("S1", "P1", "C1"), _request("S2", "P2")]}),
            Series({"Modality": "CT", "RequestAttributesSequence": [_request("S1", "P2", "C2", "C1")]}),
        ],
    ),
    (
        {
            "PatientName": "Seq^Joined",
            "PatientID": "S18",
            "OtherPatientIDsSequence": [_item(PatientID="X1", IssuerOfPatientID="I1"), _item(PatientID="X2")],
            "ProcedureCodeSequence": [_item(CodeValue="CHEST", CodeMeaning="Chest*Lung")],
        },
        [Series({"Modality": "CT", "RequestAttributesSequence": [_request("S1", None), _request("", "P2", "C2")]})],
    ),
    (
        {"PatientName": "Seq^Empty", "PatientID": "S19", "OtherPatientIDsSequence": []},
        [Series({"Modality": "CT", "RequestAttributesSequence": []}), Series({"Modality": "MR"})],
    ),
    # 20-22: private attributes; the third has the tag of the first, reserved by somebody else.
    ({"PatientName": "Priv^Ate", "PatientID": "P20"}, [Series({"Modality": "CT"}, [{"private": (0x10, "alpha")}])]),
    ({"PatientName": "Priv^Moved", "PatientID": "P21"}, [Series({"Modality": "CT"}, [{"private": (0x11, "alpha")}])]),
    ({"PatientName": "Priv^Other", "PatientID": "P22"}, [Series({"Modality": "CT"}, [{"private": (0x12, "beta")}])]),
    # 23: what is true of a study's parts, but not of one and the same part.
    (
        {"PatientName": "Parts^Of", "PatientID": "P23", "StudyDate": "20220202", "StudyTime": "120000"},
        [
            Series(
                {"Modality": "CT", "SeriesNumber": 1, "SeriesDescription": "Thorax", "Manufacturer": "ACME"},
                [{"InstanceNumber": 1, "SliceLocation": "-1.5"}, {"InstanceNumber": 2, "SliceLocation": "0"}],
            ),
            Series(
                {"Modality": "SEG", "SeriesNumber": 2, "SeriesDescription": "Thorax Maske", "Manufacturer": "Other"},
                [{"InstanceNumber": 3, "ContentDate": "20220202", "ContentTime": "130000"}],
            ),
            Series(
                {"Modality": "SR", "SeriesNumber": 10, "SeriesDescription": "thorax"},
                [{"InstanceNumber": 1, "SOPClassUID": EnhancedSRStorage}],
            ),
        ],
    ),
    # 24: numbers as they can be written.
    (
        {"PatientName": "Num^Ber", "PatientID": "N24", "PatientWeight": "70.50", "PatientAge": "045Y"},
        [
            Series(
                {"Modality": "MR", "SeriesNumber": " +7 "},
                [
                    {"InstanceNumber": "007", "SliceThickness": "5", "Rows": 512, "EchoTime": "1e1"},
                    {"InstanceNumber": "70", "SliceThickness": "5.0", "Rows": 51, "EchoTime": "10.0"},
                    {"InstanceNumber": "-7", "SliceThickness": "0.5E1", "PixelSpacing": ["0.5", "0.25"]},
                    {"FrameIncrementPointer": 0x00181063, "DiffusionBValue": 1000.5},
                ],
            )
        ],
    ),
    # 25: instances that disagree about their study and series.
    (
        {"PatientName": "First^Wins", "PatientID": "D25", "StudyDate": "20230101"},
        [Series({"Modality": "CT"}, [{}, {"PatientName": "Last^Loses", "StudyDate": "20231231", "Modality": "MR"}])],
    ),
    # 26-30: names that begin alike.
    ({"PatientName": "Smith^John", "PatientID": "N26", "StudyDate": "20240229", "StudyTime": "000000"}, [CT]),
    ({"PatientName": "Smith^Johnny", "PatientID": "N27", "StudyDate": "20240229", "StudyTime": "235959"}, [CT]),
    ({"PatientName": "SMITHSON^JOHN", "PatientID": "N28", "StudyDate": "20240301", "StudyTime": "000000"}, [CT]),
    ({"PatientName": "John^Smith", "PatientID": "N29", "StudyDate": "20240301", "StudyTime": "120000"}, [MR]),
    (
        {
            "PatientName": "de la Cruz^María José",
            "PatientID": "N30",
            "StudyDate": "20240301",
            "StudyTime": "115959.123",
            "ReferringPhysicianName": "Ångström^Åsa",
            "PatientComments": "  leading counts ",
            "StudyDescription": "ABDOMEN",
        },
        [Series({"Modality": "US", "BodyPartExamined": "ABDOMEN", "SeriesDate": "20240302", "SeriesTime": "060000"})],
    ),
]


@cache
def hand_made_archive() -> list[Dataset]:
    """Every instance as pydicom reads it from its file, in the order of storing."""
    return [_read(file) for files in hand_made_files() for file in files]


@cache
def hand_made_files() -> list[list[bytes]]:
    """The files of each study."""
    return [
        [
            _file(_attributes_of(number, attributes, series_number, series, instance_number, instance))
            for series_number, series in enumerate(all_series, 1)
            for instance_number, instance in enumerate(series.instances, 1)
        ]
        for number, (attributes, all_series) in enumerate(STUDIES, 1)
    ]


def _attributes_of(
    number: int, study: Attributes, series_number: int, series: Series, instance_number: int, instance: Attributes
) -> dict[str, object]:
    study_uid = f"{ROOT}.{number}"
    return {
        "SpecificCharacterSet": "ISO_IR 192",
        "SOPClassUID": _SOP_CLASSES.get(str(series.attributes["Modality"]), CTImageStorage),
        "StudyInstanceUID": study_uid,
        "SeriesInstanceUID": f"{study_uid}.{series_number}",
        "SOPInstanceUID": f"{study_uid}.{series_number}.{instance_number}",
        **study,
        **series.attributes,
        **instance,
    }


def _file(attributes: Mapping[str, object]) -> bytes:
    with _as_it_is():
        data_set = _item(**{keyword: value for keyword, value in attributes.items() if keyword != "private"})
        if "private" in attributes:
            _add_private(data_set, *attributes["private"])  # type: ignore[misc]
        data_set.file_meta = FileMetaDataset()
        data_set.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        buffer = BytesIO()
        data_set.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _read(file: bytes) -> Dataset:
    with _as_it_is():
        data_set = pydicom.dcmread(BytesIO(file))
        data_set.decode()
        # Values are converted at first use.
        for _ in data_set.iterall():
            pass
    return data_set


@contextmanager
def _as_it_is() -> Iterator[None]:
    """Values that bend the rules are written and read without complaint."""
    settings = config.settings
    modes = settings.reading_validation_mode, settings.writing_validation_mode
    settings.reading_validation_mode = settings.writing_validation_mode = config.IGNORE
    try:
        yield
    finally:
        settings.reading_validation_mode, settings.writing_validation_mode = modes


def _add_private(data_set: Dataset, block: int, value: str) -> None:
    """A private attribute of CREATOR in a block, or for block 0x12 in the first block, which is somebody else's."""
    data_set.add_new((0x0009, 0x0010), "LO", CREATOR if block == 0x10 else "OTHER")
    if block == 0x11:
        data_set.add_new((0x0009, 0x0011), "LO", CREATOR)
        data_set.add_new((0x0009, 0x1001), "LO", "gamma")
    place = min(block, 0x11) if block != 0x12 else 0x10
    data_set.add_new((0x0009, (place << 8) | 0x01), "LO", value)
    data_set.add_new((0x0009, (place << 8) | 0x02), "DS", "1.50")
