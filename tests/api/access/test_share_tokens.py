"""A token that is limited to studies: what lies outside does not exist, neither to read nor to write."""

from pathlib import Path

import pytest

from app.access.scopes import AccessScope
from app.settings import StoreSettings
from storage.records import DuplicatePolicy
from tests.api.access.guarded import OTHERS, OURS, Guarded, basic, guarded, secret
from tests.api.answers import failures, store, stored_uids
from tests.examples import new_instance, part10
from tests.sources import Source

READ, WRITE = AccessScope.READ, AccessScope.WRITE


@pytest.mark.parametrize("resource", ["studies", "series", "instances"])
@pytest.mark.parametrize("shown_as", ["bearer", "basic"])
def test_a_search_finds_and_counts_the_study_alone(server: Guarded, resource: str, shown_as: str) -> None:
    share = server.share if shown_as == "bearer" else basic("token", secret(server.share))
    answer = server.ask("GET", f"/{resource}", share, prefer="count=exact")
    assert [row["0020000D"]["Value"] for row in answer.json()] == [[OURS.study]]
    assert answer.headers.get("x-total-count", "1") == "1"
    assert len(server.ask("GET", f"/{resource}", server.admin).json()) == 2


@pytest.mark.parametrize("key", ["StudyInstanceUID", "0020000D"])
def test_asking_for_the_other_study_by_name_finds_nothing(server: Guarded, key: str) -> None:
    assert server.ask("GET", f"/studies?{key}={OTHERS.study}", server.share).json() == []
    assert server.ask("GET", f"/studies?{key}={OTHERS.study}\\{OURS.study}", server.share).json() != []


@pytest.mark.parametrize("order", [(OURS, OTHERS), (OTHERS, OURS)])
def test_a_study_named_as_a_parameter_of_the_uri_service_does_not_exist_either(
    server: Guarded, order: tuple[Source, Source]
) -> None:
    query = "&".join(f"studyUID={source.study}" for source in order)
    assert server.ask("GET", f"/instances?{query}", server.share).status_code == 404


def test_a_token_may_be_for_several_studies(server: Guarded) -> None:
    both = server.token(READ, studies=frozenset({OURS.study, OTHERS.study, "1.2.3"}))
    assert len(server.ask("GET", "/studies", both).json()) == 2


def test_it_stores_into_its_studies_only(server: Guarded) -> None:
    share = server.token(WRITE, studies=frozenset({"1.2.3", "1.2.4"}))
    allowed, denied = new_instance(StudyInstanceUID="1.2.4"), new_instance(StudyInstanceUID="1.2.5")
    answer = store(server.client, allowed, denied, Authorization=share)
    assert answer.status_code == 202
    assert stored_uids(answer) == [allowed.SOPInstanceUID]
    assert failures(answer) == [(denied.SOPInstanceUID, 0xA900)]
    assert store(server.client, denied, study="1.2.5", Authorization=share).status_code == 404
    assert server.ask("GET", "/studies/1.2.5", server.admin).status_code == 404


def test_it_uploads_into_its_studies_only(server: Guarded) -> None:
    share = server.token(WRITE, studies=frozenset({"1.2.3"}))
    body = b'--B\r\nContent-Disposition: form-data; name="files"; filename="a.dcm"\r\n\r\n'
    body += part10(new_instance(StudyInstanceUID="1.2.5")) + b"\r\n--B--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=B", "Authorization": share}
    assert server.client.post("http://testserver/upload", body, headers).json()["stored"] == 0


def test_it_replaces_nothing_of_another_study_although_the_server_replaces(data_folder: Path) -> None:
    with guarded(data_folder, store=StoreSettings(duplicates=DuplicatePolicy.REPLACE)) as server:
        share = server.token(WRITE, studies=frozenset({"1.2.3"}))
        thief = new_instance(StudyInstanceUID="1.2.3", SOPInstanceUID=OTHERS.instance)
        assert failures(store(server.client, thief, Authorization=share)) == [(OTHERS.instance, 0x0111)]
        assert server.ask("GET", f"{OTHERS.url_path}/metadata", server.admin).status_code == 200
