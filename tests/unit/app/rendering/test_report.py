"""Structured reports as people read them."""

from html.parser import HTMLParser

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.sr.coding import Code

from app.rendering.report import read_report
from app.rendering.report_documents import report_html, report_text
from tests.sample_data import COLLECTION, COLLECTION_IS_MISSING
from tests.unit.app.rendering.instances import Instance, attributes_of


def code(meaning: str, value: str = "1") -> Sequence:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = Code(value, "99X", meaning)[:3]
    return Sequence([item])


def content(value_type: str, name: str = "Name", children: list[Dataset] | None = None, **values: object) -> Dataset:
    item = Dataset()
    item.ValueType = value_type
    item.ConceptNameCodeSequence = code(name)
    for keyword, value in values.items():
        setattr(item, keyword, value)
    if children:
        item.ContentSequence = Sequence(children)
    return item


def sequence(**values: object) -> Sequence:
    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return Sequence([item])


CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"


def measured(value: str, unit: str) -> Dataset:
    measurement = sequence(NumericValue=value, MeasurementUnitsCodeSequence=code("the unit", unit))
    return content("NUM", MeasuredValueSequence=measurement)


REFERENCE = sequence(ReferencedSOPClassUID=CT_IMAGE, ReferencedSOPInstanceUID="1.2.3", ReferencedFrameNumber=[2, 5])


@pytest.mark.parametrize(
    ("item", "value"),
    [
        (content("TEXT", TextValue="No ^ finding."), "No ^ finding."),
        (content("TEXT", TextValue="20240131"), "20240131"),
        (content("CODE", ConceptCodeSequence=code("Liver")), "Liver"),
        (content("DATE", Date="20240131"), "2024-01-31"),
        (content("PNAME", PersonName="Doe^Jane^^Dr."), "Doe Jane Dr."),
        (content("UIDREF", UID="1.2.3"), "1.2.3"),
        (measured("12.5", "mm"), "12.5 mm"),
        (measured("3", "1"), "3"),
        (measured("3", "{pixels}"), "3 pixels"),
        (content("NUM", NumericValueQualifierCodeSequence=code("Not a number")), "Not a number"),
        (content("NUM"), "no value"),
        (content("IMAGE", ReferencedSOPSequence=REFERENCE), "CT Image 1.2.3, frame 2, 5"),
        (content("SCOORD", GraphicType="CIRCLE", GraphicData=[1.5, 2, 3, 4]), "circle (1.5, 2, 3, 4)"),
        (content("CONTAINER"), ""),
    ],
)
def test_values_by_type(item: Dataset, value: str) -> None:
    (read,) = read_report(attributes_of(content("CONTAINER", children=[item]))).items

    assert (read.name, read.value) == ("Name", value)


def test_item_by_reference_names_its_target() -> None:
    item = Dataset()
    item.ReferencedContentItemIdentifier = [1, 2, 3]
    (read,) = read_report(attributes_of(content("CONTAINER", children=[item]))).items

    assert read.value == "see 1.2.3"


class Outline(HTMLParser):
    """The elements and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.elements.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data.strip())


HOSTILE = '<script>alert("x")</script><img src=x onerror=y>&amp;\'</style>'


def test_no_text_of_the_instance_becomes_markup() -> None:
    report = content(
        "CONTAINER",
        HOSTILE,
        [content("TEXT", HOSTILE, [content("TEXT", HOSTILE, TextValue=HOSTILE)], TextValue=HOSTILE)],
        PatientName=HOSTILE,
        StudyDescription=HOSTILE,
    )
    page = Outline(report_html(read_report(attributes_of(report)), "utf-8").decode())

    assert set(page.elements) == {
        *("html", "head", "meta", "title", "style", "body", "header", "h1", "h2", "dl", "dt", "dd"),
        *("main", "section", "p", "span"),
    }
    assert f"{HOSTILE}: {HOSTILE}" in page.texts


def test_tree_is_told_by_headings_and_indentation() -> None:
    report = content(
        "CONTAINER", "Report", [content("CONTAINER", "Findings", [content("TEXT", "Lung", TextValue="clear")])]
    )
    read = read_report(attributes_of(report))

    assert "<h2>Findings</h2>" in report_html(read, "utf-8").decode()
    assert "\nFindings\n  Lung: clear\n" in report_text(read, "utf-8").decode()


def test_other_character_sets() -> None:
    read = read_report(attributes_of(content("CONTAINER", "Bericht", [content("TEXT", "Größe", TextValue="東京")])))

    assert "Größe" in report_html(read, "iso8859-1").decode("iso8859-1")
    assert "&#26481;&#20140;" in report_html(read, "iso8859-1").decode("iso8859-1")
    assert "Größe: ??" in report_text(read, "iso8859-1").decode("iso8859-1")


def test_deep_trees_are_read() -> None:
    report = content("TEXT", TextValue="deepest")
    for _ in range(60):
        report = content("CONTAINER", children=[report])

    assert b"deepest" in report_html(read_report(attributes_of(report)), "utf-8")


def test_real_report_is_complete() -> None:
    path = COLLECTION / "sr" / "highdicom__sr_document.dcm"
    if not path.is_file():
        pytest.skip(COLLECTION_IS_MISSING)
    page = Outline(report_html(read_report(Instance(path).attributes()), "utf-8").decode())

    for text in (
        "Imaging Measurement Report",
        "CompressedSamples CT1",
        "Area of defined region: 1.7 cm2",
        "Spinal cord",
    ):
        assert text in page.texts
