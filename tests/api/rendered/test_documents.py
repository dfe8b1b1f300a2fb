"""Reports, encapsulated documents and videos (PS3.18 Table 8.7.4-1)."""

from xml.etree import ElementTree

import pytest
from pydicom.dataset import Dataset

from tests.api.answers import assert_problem, store
from tests.api.in_process import InProcessClient
from tests.api.rendered.objects import H264, MPEG2, document, path, report, series_path, study_path, video
from tests.api.rendered.pictures import BROWSER_PAGE, VIEWER_BULK_DATA, picture

XHTML = "{http://www.w3.org/1999/xhtml}"
PDF = b"%PDF-1.4\n%made for a test\n%%EOF\n"
MP4 = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41" + b"\0\0\0\x08free" * 40
PROGRAM_STREAM = b"\0\0\x01\xba" + b"\x21\0\x01\0\x01" * 40
TRANSPORT_STREAM = (b"\x47" + b"\0" * 187) * 4
BARE_H264 = b"\0\0\0\x01\x67\x64\0\x29" * 50


def test_a_report_is_a_page_or_plain_text(client: InProcessClient) -> None:
    store(client, data_set := report("Größe 3 cm"))
    page = client.get(f"{path(data_set)}/rendered", accept=BROWSER_PAGE)
    text = client.get(f"{path(data_set)}/rendered", accept="text/plain")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    for answer in (page, text):
        assert "Größe 3 cm" in answer.content.decode("utf-8")
    assert client.get(f"{path(data_set)}/rendered").headers["content-type"] == "text/html; charset=utf-8"


def test_the_character_set_of_a_text_is_that_asked_for(client: InProcessClient) -> None:
    store(client, data_set := report("Größe 3 cm"))
    answer = client.get(f"{path(data_set)}/rendered?charset=iso-8859-1", accept="text/plain")
    assert answer.headers["content-type"] == "text/plain; charset=iso-8859-1"
    assert "Größe 3 cm".encode("latin-1") in answer.content


def test_a_report_is_xml_that_parses(client: InProcessClient) -> None:
    store(client, data_set := report("Größe <3> & \x0c cm", PatientName="Öz^Ayşe"))
    for charset in ("utf-8", "iso-8859-1", "us-ascii"):
        answer = client.get(f"{path(data_set)}/rendered?charset={charset}", accept="text/xml")
        assert answer.headers["content-type"] == f"text/xml; charset={charset}"
        page = ElementTree.fromstring(answer.content)
        assert page.tag == f"{XHTML}html"
        assert [each.text for each in page.iter(f"{XHTML}h1")] == ["Imaging Report"]
        assert "Öz Ayşe" in [each.text for each in page.iter(f"{XHTML}dd")]
        assert [each.findtext(f"{XHTML}span") for each in page.iter(f"{XHTML}p")] == ["Finding:"]
        assert any("Größe <3> & \ufffd cm" in text for text in page.itertext())


def test_xml_with_a_page_within_runs_nothing(client: InProcessClient) -> None:
    store(client, data_set := report("<script>alert(1)</script>"))
    answer = client.get(f"{path(data_set)}/rendered", accept="text/xml")
    assert not list(ElementTree.fromstring(answer.content).iter(f"{XHTML}script"))
    assert "sandbox" in answer.headers["content-security-policy"]


def test_a_page_runs_nothing(client: InProcessClient) -> None:
    store(client, data_set := report("<script>alert(1)</script>"))
    page = client.get(f"{path(data_set)}/rendered", accept="text/html")
    assert "<script" not in page.text
    assert page.headers["content-security-policy"]
    assert page.headers["x-content-type-options"] == "nosniff"


def test_a_held_page_is_not_sent_again(client: InProcessClient) -> None:
    store(client, data_set := report())
    first = client.get(f"{path(data_set)}/rendered")
    assert client.get(f"{path(data_set)}/rendered", if_none_match=first.headers["etag"]).status_code == 304


def test_a_report_is_no_picture(client: InProcessClient) -> None:
    store(client, data_set := report())
    assert_problem(client.get(f"{path(data_set)}/rendered", accept="image/jpeg"), 406, "text/html", "text/plain")
    assert_problem(client.get(f"{path(data_set)}/frames/1/rendered"), 404)


@pytest.mark.parametrize("pdf", [PDF, PDF[:-1], PDF * 1000, PDF * 1000 + b"\n"], ids=len)
def test_a_document_is_shown_in_the_browsers_own_viewer(client: InProcessClient, pdf: bytes) -> None:
    store(client, data_set := document(pdf))
    for accept in ("*/*", "application/pdf", BROWSER_PAGE):
        answer = client.get(f"{path(data_set)}/rendered", accept=accept)
        assert answer.content == pdf
        assert answer.headers["content-type"] == "application/pdf"
        assert answer.headers["content-disposition"] == f'inline; filename="{data_set.SOPInstanceUID}.pdf"'
    part = client.get(f"{path(data_set)}/rendered", range="bytes=0-3")
    assert (part.status_code, part.content) == (206, b"%PDF")


def test_a_clinical_document_is_its_xml_and_runs_nothing(client: InProcessClient) -> None:
    cda = '<?xml version="1.0" encoding="iso-8859-1"?>\n<ClinicalDocument>Größe</ClinicalDocument>'.encode("latin-1")
    store(client, data_set := document(cda, "text/xml"))
    for accept in ("*/*", "text/xml", BROWSER_PAGE):
        answer = client.get(f"{path(data_set)}/rendered", accept=accept)
        assert (answer.headers["content-type"], answer.content) == ("text/xml", cda)
        assert "sandbox" in answer.headers["content-security-policy"]
    assert_problem(client.get(f"{path(data_set)}/rendered", accept="text/html"), 406, "text/xml")


def test_another_document_is_not_rendered(client: InProcessClient) -> None:
    store(client, data_set := document(b"solid cube\n", "model/stl"))
    assert_problem(client.get(f"{path(data_set)}/rendered"), 406)


@pytest.mark.parametrize(
    ("stream", "syntax", "media_type"),
    [
        (MP4, H264, "video/mp4"),
        (PROGRAM_STREAM, MPEG2, "video/mpeg"),
        (TRANSPORT_STREAM, H264, "video/mp2t"),
    ],
)
def test_a_video_is_played_as_it_is_stored(
    client: InProcessClient, stream: bytes, syntax: str, media_type: str
) -> None:
    store(client, data_set := video(stream, syntax))
    for accept in ("*/*", media_type, "video/webm,video/ogg,video/*;q=0.9,audio/*;q=0.6,*/*;q=0.5"):
        answer = client.get(f"{path(data_set)}/rendered", accept=accept)
        assert answer.headers["content-type"] == media_type
        assert answer.content == stream
    for base in (series_path(data_set), study_path(data_set)):
        assert client.get(f"{base}/rendered", accept="video/*, */*;q=0.1").content == stream
    piece = client.get(f"{path(data_set)}/rendered", range="bytes=4-7")
    assert (piece.status_code, piece.content) == (206, stream[4:8])
    assert piece.headers["content-range"] == f"bytes 4-7/{len(stream)}"


def test_a_stream_that_no_player_takes_is_refused(client: InProcessClient) -> None:
    store(client, data_set := video(BARE_H264))
    assert_problem(client.get(f"{path(data_set)}/rendered"), 406)


def test_a_video_is_neither_picture_nor_frames(client: InProcessClient) -> None:
    store(client, data_set := video(MP4))
    assert_problem(client.get(f"{path(data_set)}/rendered", accept="image/jpeg"), 406, "video/mp4")
    assert_problem(client.get(f"{path(data_set)}/frames/1/rendered"), 406)


@pytest.mark.parametrize("data_set", [report(), document(PDF), video(MP4)], ids=["report", "document", "video"])
def test_what_is_no_picture_has_an_icon(client: InProcessClient, data_set: Dataset) -> None:
    store(client, data_set)
    for accept in ("*/*", "image/png", VIEWER_BULK_DATA):
        assert client.get(f"{path(data_set)}/thumbnail", accept=accept).status_code == 200
    icon = picture(client.get(f"{path(data_set)}/thumbnail?viewport=100%2C80").content)
    assert icon.size == (80, 80)
