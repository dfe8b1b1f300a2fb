"""How clients write URLs and headers: rules 1 to 7 of the survey of clients, each by its number."""

import pytest

from tests.clients.raw_http import get
from tests.examples import (
    COLOR_MULTI_FRAME,
    ECG,
    GERMAN,
    JAPANESE,
    JPEG_LS,
    NATIVE,
    example,
    examples,
    examples_where,
)
from tests.live_server import LiveServer

JPEG_2000_OR_JPEG_LS = (
    'multipart/related; type="image/jp2"; transfer-syntax=1.2.840.10008.1.2.4.90, '
    'multipart/related; type="image/jls"; transfer-syntax=1.2.840.10008.1.2.4.80'
)
ECG_BULK_DATA = "/bulkdata/54000100/0/54001010"


def test_rule_1_urls_have_the_port_also_when_the_host_header_has_none(example_server: LiveServer) -> None:
    path = example(ECG).url_path
    [document] = get(example_server, f"{path}/metadata", Host="127.0.0.1").json()
    uri = document["54000100"]["Value"][0]["54001010"]["BulkDataURI"]
    assert uri == f"{example_server.root}{path}{ECG_BULK_DATA}"
    assert get(example_server, uri).status == 200


def test_rule_1_urls_name_the_host_and_port_that_the_client_names(example_server: LiveServer) -> None:
    [row] = get(example_server, f"/studies?StudyInstanceUID={example(ECG).study}", Host="pacs:8042").json()
    assert row["00081190"]["Value"] == [f"http://pacs:8042/dicom-web/studies/{example(ECG).study}"]


def test_rule_1_a_configured_public_url_wins_over_the_host_header(server_behind_proxy: LiveServer) -> None:
    answer = get(server_behind_proxy, "/studies", Host="10.0.0.5:8080").json()
    assert [row["00081190"]["Value"][0].partition("/studies/")[0] for row in answer] == [
        "https://pacs.example/dicom-web"
    ]


def test_rule_1_a_slash_at_the_end_does_not_lead_elsewhere(example_server: LiveServer) -> None:
    answer = get(example_server, "/studies/", Host="127.0.0.1")
    assert answer.status in {200, 301, 307, 308, 404}
    assert answer.headers.get("location", example_server.root).startswith(example_server.root)


@pytest.mark.parametrize("prefix", ["/", "//"])
def test_rule_2_a_doubled_slash_is_one(example_server: LiveServer, prefix: str) -> None:
    source = example(NATIVE)
    assert len(get(example_server, f"{prefix}/studies").json()) == len({each.study for each in examples()})
    assert get(example_server, f"{prefix}{source.url_path}/metadata").status == 200
    assert get(example_server, f"{prefix}{source.url_path}//frames/1").status == 200


@pytest.mark.parametrize(
    ("query", "keyword", "value"),
    [
        ("PatientName=Doe%5EArchibald", "PatientName", "Doe^Archibald"),
        ("PatientName=Doe^Archibald", "PatientName", "Doe^Archibald"),
        ("PatientName=%2AArch%2A", "PatientName", "Doe^Archibald"),
        ("PatientName=*Arch*", "PatientName", "Doe^Archibald"),
        ("SeriesDescription=Routine+Brain", "SeriesDescription", "Routine Brain"),
        ("SeriesDescription=Routine%20Brain", "SeriesDescription", "Routine Brain"),
        ("SeriesDescription=T%2FS%2FC+RF+FAST+PILOT", "SeriesDescription", "T/S/C RF FAST PILOT"),
        ("SeriesDescription=T/S/C%20RF%20F%3FST%20PILOT", "SeriesDescription", "T/S/C RF FAST PILOT"),
    ],
)
def test_rule_3_values_are_percent_decoded_and_a_plus_is_a_space(
    example_server: LiveServer, query: str, keyword: str, value: str
) -> None:
    found = get(example_server, f"/series?{query}").json()
    expected = examples_where(lambda data_set: str(data_set.get(keyword)) == value)
    assert expected
    assert {row["0020000E"]["Value"][0] for row in found} == {source.series for source in expected}


@pytest.mark.parametrize("separator", ["%5C", "\\", "%2C", ","])
def test_rule_3_a_list_of_uids_is_separated_by_backslash_or_comma_encoded_or_not(
    example_server: LiveServer, separator: str
) -> None:
    studies = sorted([example(ECG).study, example(NATIVE).study])
    found = get(example_server, f"/studies?StudyInstanceUID={separator.join(studies)}").json()
    assert sorted(row["0020000D"]["Value"][0] for row in found) == studies


@pytest.mark.parametrize("separator", ["%2C", ","])
def test_rule_3_includefield_is_a_list_encoded_or_not(example_server: LiveServer, separator: str) -> None:
    study = example(NATIVE).study
    fields = separator.join(["00081030", "00101030"])
    [row] = get(example_server, f"/studies?StudyInstanceUID={study}&includefield={fields}").json()
    assert row["00081030"] == {"vr": "LO", "Value": ["e+1"]}
    assert row["00101030"] == {"vr": "DS", "Value": [0]}


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("PatientName=%C3%84neas%5ER%C3%BCdiger", GERMAN),
        ("PatientName=%C3%84neas*", GERMAN),
        ("PatientName=*%E5%B1%B1%E7%94%B0*", JAPANESE),
        ("PatientName=Yamada^Tarou", JAPANESE),
    ],
)
def test_rule_3_text_beyond_ascii_comes_as_utf_8(example_server: LiveServer, query: str, name: str) -> None:
    [row] = get(example_server, f"/studies?{query}").json()
    assert row["0020000D"]["Value"] == [example(name).study]


@pytest.mark.parametrize("separator", ["; ", ";", " ; "])
@pytest.mark.parametrize("quote", ['"', ""])
@pytest.mark.parametrize(
    "parameters",
    [
        ("type={q}application/dicom{q}", "transfer-syntax={q}*{q}"),
        ("transfer-syntax=*", "type={q}application/dicom{q}"),
    ],
)
def test_rule_5_parameters_of_accept_come_in_any_order_spacing_and_quoting(
    example_server: LiveServer, separator: str, quote: str, parameters: tuple[str, str]
) -> None:
    accept = separator.join(["multipart/related", *(parameter.format(q=quote) for parameter in parameters)])
    answer = get(example_server, example(JPEG_LS).url_path, Accept=accept)
    assert [part.body for part in answer.parts()] == [example(JPEG_LS).path.read_bytes()]


@pytest.mark.parametrize(
    ("accept", "part_type"),
    [
        ('multipart/related; type="application/octet-stream"; transfer-syntax="*"', "application/octet-stream"),
        ("multipart/related; type=application/octet-stream; transfer-syntax=*", "application/octet-stream"),
        ('multipart/related; type="*/*"', "image/jls"),
        ('multipart/related; type="image/*"', "image/jls"),
        ('multipart/related; type="image/"', "image/jls"),
        ('multipart/related; type="image/x-jls"', "image/jls"),
        ('multipart/related; type="image/jls"; transfer-syntax=1.2.840.10008.1.2.4.80', "image/jls"),
        (JPEG_2000_OR_JPEG_LS, "image/jls"),
        (
            'multipart/related; type="image/jls"; transfer-syntax="1.2.840.10008.1.2.4.80"; transfer-syntax="*"',
            "image/jls",
        ),
        (
            'multipart/related; type="image/jls"; transfer-syntax="1.2.840.10008.1.2.4.81"; transfer-syntax="*"',
            "image/jls",
        ),
        ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", "image/jls"),
    ],
)
def test_rule_5_the_forms_of_accept_that_clients_send_for_frames(
    example_server: LiveServer, accept: str, part_type: str
) -> None:
    answer = get(example_server, f"{example(JPEG_LS).url_path}/frames/1", Accept=accept)
    assert answer.content_type.startswith(f'multipart/related; type="{part_type}"')
    assert [part.headers["content-type"] for part in answer.parts()] == [
        f"{part_type}; transfer-syntax=1.2.840.10008.1.2.4.80"
    ]


@pytest.mark.parametrize(
    "accept",
    [
        "application/dicom+json, application/json",
        "application/dicom+json",
        "*/*",
        "text/html, *; q=.2, */*; q=.2",
        "",
        "nonsense",
    ],
)
@pytest.mark.parametrize("path", ["/studies", f"/studies/{example(NATIVE).study}/metadata"])
def test_rule_5_the_forms_of_accept_that_clients_send_for_json(
    example_server: LiveServer, path: str, accept: str
) -> None:
    answer = get(example_server, path, Accept=accept)
    assert (answer.status, answer.content_type) == (200, "application/dicom+json")


@pytest.mark.parametrize(
    "value", ["application/dicom%2Bjson", "application/dicom+json", "*/*", "*", "application%2Fdicom%2Bjson"]
)
def test_rule_6_the_query_parameter_accept_replaces_the_header(example_server: LiveServer, value: str) -> None:
    answer = get(example_server, f"/studies?accept={value}", Accept="image/png")
    assert (answer.status, answer.content_type) == (200, "application/dicom+json")
    assert answer.json()


def test_rule_6_the_query_parameter_accept_can_refuse_what_the_header_takes(example_server: LiveServer) -> None:
    assert get(example_server, "/studies?accept=image/png", Accept="application/dicom+json").status == 406


@pytest.mark.parametrize("headers", [{}, {"Accept": "*/*"}])
@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/studies", "application/dicom+json"),
        (f"{example(NATIVE).url_path}/metadata", "application/dicom+json"),
        (f"/studies/{example(NATIVE).study}", 'multipart/related; type="application/dicom"; boundary='),
        (example(NATIVE).url_path.partition("/instances")[0], 'multipart/related; type="application/dicom"; boundary='),
        (example(NATIVE).url_path, 'multipart/related; type="application/dicom"; boundary='),
        (f"{example(NATIVE).url_path}/frames/1", 'multipart/related; type="application/octet-stream"; boundary='),
        (f"{example(COLOR_MULTI_FRAME).url_path}/frames/1", 'multipart/related; type="image/jpeg"; boundary='),
        (f"{example(ECG).url_path}{ECG_BULK_DATA}", 'multipart/related; type="application/octet-stream"; boundary='),
    ],
)
def test_rule_7_what_a_client_gets_that_does_not_say_what_it_accepts(
    example_server: LiveServer, path: str, content_type: str, headers: dict[str, str]
) -> None:
    answer = get(example_server, path, **headers)
    assert answer.status == 200
    assert answer.content_type.startswith(content_type)
