"""RetrieveCapabilities (PS3.18 8.9, Annex H)."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import yaml

from tests.api.answers import assert_problem
from tests.api.in_process import ROOT, InProcessClient
from tests.examples import NATIVE, example

WADL = "{http://wadl.dev.java.net/2009/02}"
PATH = example(NATIVE).url_path
STUDY = f"/studies/{example(NATIVE).study}"
API = yaml.safe_load((Path(__file__).parents[2] / "openapi" / "openapi.yaml").read_text())["paths"]

TARGETS = {
    "": "",
    "/": "",
    "/studies": "studies",
    STUDY: "studies/{study}",
    f"{STUDY}/series": "studies/{study}/series",
    f"{PATH}/frames/1,2": "studies/{study}/series/{series}/instances/{instance}/frames/{frames}",
    f"{PATH}/bulkdata/54000100/0/54001010": (
        "studies/{study}/series/{series}/instances/{instance}/bulkdata/{attribute}"
    ),
    "/instances": "instances",
}


@pytest.mark.parametrize("path", TARGETS)
def test_every_resource_describes_itself_and_what_is_below_it(client: InProcessClient, path: str) -> None:
    answer = client.request("OPTIONS", path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/vnd.sun.wadl+xml")
    application = ET.fromstring(answer.content)
    assert application.tag == f"{WADL}application"
    [resources] = application
    assert (resources.tag, resources.get("base")) == (f"{WADL}resources", f"http://testserver{ROOT}")
    [resource] = resources
    assert resource.get("path") == TARGETS[path]
    below = f"{ROOT}/{TARGETS[path]}".rstrip("/")
    assert _methods(resource, ROOT) == {
        (template, method.upper(), operation["operationId"])
        for template, operations in API.items()
        if template == below or template.startswith(f"{below}/")
        for method, operation in operations.items()
    }


def test_a_method_tells_its_parameters_and_media_types(client: InProcessClient) -> None:
    root = ET.fromstring(client.request("OPTIONS", "/studies").content)
    [search] = [method for method in root.iter(f"{WADL}method") if method.get("id") == "SearchForStudies"]
    parameters = {(each.get("name"), each.get("style")) for each in search.iter(f"{WADL}param")}
    assert {("Accept", "header"), ("limit", "query"), ("offset", "query"), ("includefield", "query")} <= parameters
    accepted = {each.get("value") for each in search.iter(f"{WADL}option")}
    assert {"application/dicom+json", 'multipart/related; type="application/dicom+xml"'} <= accepted
    assert [response.get("status") for response in search.findall(f"{WADL}response")] == ["200", "304", "412"]
    [retrieve] = [method for method in root.iter(f"{WADL}method") if method.get("id") == "RetrieveInstance"]
    offered = {each.get("mediaType") for each in retrieve.iter(f"{WADL}representation")}
    assert {'multipart/related; type="application/dicom"', "application/dicom", "application/zip"} <= offered
    [store] = [method for method in root.iter(f"{WADL}method") if method.get("id") == "StoreInstances"]
    request = store.find(f"{WADL}request")
    assert request is not None
    assert "application/dicom" in {each.get("mediaType") for each in request.findall(f"{WADL}representation")}


def test_json_says_the_same(client: InProcessClient) -> None:
    answer = client.request("OPTIONS", "/studies", {"Accept": "application/json"})
    assert answer.headers["content-type"] == "application/json"
    resources = answer.json()["application"]["resources"]
    assert resources["base"] == f"http://testserver{ROOT}"
    [studies] = resources["resource"]
    assert studies["path"] == "studies"
    assert {method["id"] for method in studies["method"]} >= {"SearchForStudies", "StoreInstances"}
    assert [child["path"] for child in studies["resource"]] == ["{study}"]


def test_another_media_type_is_not_acceptable(client: InProcessClient) -> None:
    assert_problem(client.request("OPTIONS", "/studies", {"Accept": "image/png"}), 406, "application/vnd.sun.wadl+xml")


@pytest.mark.parametrize("path", ["", "/studies", STUDY])
def test_the_server_without_the_root_describes_it_too(client: InProcessClient, path: str) -> None:
    """Where the resources are mounted also at the root of the server."""
    answer = client.request("OPTIONS", f"http://testserver{path or '/'}")
    assert answer.content == client.request("OPTIONS", path).content


def test_allow_names_the_methods_of_the_resource(client: InProcessClient) -> None:
    allowed = {
        path: _listed(client.request("OPTIONS", path).headers["allow"]) for path in ("/studies", "/series", PATH)
    }
    assert allowed["/studies"] >= {"GET", "HEAD", "OPTIONS", "POST"}
    assert allowed["/series"] == {"GET", "HEAD", "OPTIONS"}
    assert allowed[PATH] == {"GET", "HEAD", "OPTIONS", "DELETE"}
    refused = client.request("PATCH", "/series")
    assert_problem(refused, 405)
    assert _listed(refused.headers["allow"]) == allowed["/series"]


def test_a_preflight_is_not_a_question_for_capabilities(client: InProcessClient) -> None:
    headers = {"Origin": "http://localhost:3000", "Access-Control-Request-Method": "GET"}
    answer = client.request("OPTIONS", "/studies", headers)
    assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"
    assert "wadl" not in answer.headers.get("content-type", "")


def test_what_is_no_resource_has_no_capabilities(client: InProcessClient) -> None:
    assert_problem(client.request("OPTIONS", "/nothing"), 404)


def _methods(resource: ET.Element, above: str) -> set[tuple[str, str, str]]:
    path = f"{above}/{resource.get('path')}".rstrip("/")
    own = {(path, each.attrib["name"], each.attrib["id"]) for each in resource.findall(f"{WADL}method")}
    return own.union(*(_methods(child, path) for child in resource.findall(f"{WADL}resource")))


def _listed(header: str) -> set[str]:
    return set(re.split(r",\s*", header))
