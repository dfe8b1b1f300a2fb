"""Every route of the server is guarded: the tests are made from the table of routes, so that none is forgotten."""

from collections.abc import Iterator

import pytest
from fastapi.routing import APIRoute

from app.access.routes import Guard
from app.access.scopes import EVERYTHING, AccessScope
from app.main import create_app
from app.settings import AuthSettings, Settings
from tests.api.access.guarded import OTHERS, OURS, Guarded, basic, bearer, guarded
from tests.api.answers import assert_problem
from tests.sources import Source

PUBLIC = {"/", "/health", "/ready"}
"""What is for everybody, and tells nothing of the archive."""

ROUTES = [route for route in create_app(Settings()).routes if isinstance(route, APIRoute)]
GUARDED = [
    pytest.param(route, method, id=f"{method} {route.path}")
    for route in ROUTES
    if isinstance(route.app, Guard)
    for method in sorted(route.methods)
]
OF_A_STUDY = [each for each in GUARDED if "{study}" in each.values[0].path]
OF_NONE = [each for each in GUARDED if "{study}" not in each.values[0].path]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    # All requests of this file come from one address.
    patient = AuthSettings(failures_per_address=100_000)
    with guarded(tmp_path_factory.mktemp("guarded") / "data", patient) as started:
        yield started


def test_what_is_not_guarded_is_meant_for_everybody() -> None:
    unguarded = {(route.path, *route.methods) for route in ROUTES if not isinstance(route.app, Guard)}
    assert {path for path, *methods in unguarded if methods != ["OPTIONS"]} <= PUBLIC
    others = {route.path for route in create_app(Settings()).routes if not isinstance(route, APIRoute)}
    assert others <= {"/openapi.json", "/docs", "/docs/oauth2-redirect", "/redoc"}


def test_every_route_says_which_scope_it_asks_for() -> None:
    """A route that says nothing is for administrators alone, which no route of PS3.18 is."""
    silent = [each.id for each in GUARDED if each.values[0].app.scope is AccessScope.ADMIN]
    assert silent == []


@pytest.mark.parametrize(("route", "method"), GUARDED)
def test_without_credentials_it_is_401(server: Guarded, route: APIRoute, method: str) -> None:
    answer = server.ask(method, _url(route, OURS))
    assert_problem(answer, 401)
    assert answer.headers.get_list("www-authenticate")[0].startswith("Bearer ")


@pytest.mark.parametrize(("route", "method"), GUARDED)
@pytest.mark.parametrize("authorization", [bearer("fovea_0_wrong"), "Basic !", "Digest x", "Bearer None"])
def test_with_wrong_credentials_it_is_401(server: Guarded, route: APIRoute, method: str, authorization: str) -> None:
    assert_problem(server.ask(method, _url(route, OURS), authorization), 401)


@pytest.mark.parametrize(("route", "method"), GUARDED)
def test_with_the_scope_that_it_asks_for_it_is_reached(server: Guarded, route: APIRoute, method: str) -> None:
    answer = server.ask(method, _url(route, OURS if method == "GET" else None), server.token(route.app.scope))
    assert answer.status_code not in {401, 403, 429, 500}
    if method == "GET":
        assert answer.status_code in {200, 404, 400, 406}


@pytest.mark.parametrize(("route", "method"), GUARDED)
def test_with_all_scopes_but_that_one_it_is_403(server: Guarded, route: APIRoute, method: str) -> None:
    others = EVERYTHING - {route.app.scope, AccessScope.ADMIN}
    assert_problem(server.ask(method, _url(route, OURS), server.token(*others)), 403, route.app.scope)


@pytest.mark.parametrize(("route", "method"), OF_A_STUDY)
def test_another_study_does_not_exist_for_a_share_token(server: Guarded, route: APIRoute, method: str) -> None:
    assert_problem(server.ask(method, _url(route, OTHERS), server.share), 404, OTHERS.study)


@pytest.mark.parametrize(("route", "method"), OF_A_STUDY)
def test_its_own_study_is_for_a_share_token_what_it_is_for_others(
    server: Guarded, route: APIRoute, method: str
) -> None:
    if method == "GET":
        whole = server.ask(method, _url(route, OURS), server.admin)
        assert server.ask(method, _url(route, OURS), server.share).status_code == whole.status_code


@pytest.mark.parametrize(("route", "method"), OF_NONE)
def test_nothing_of_another_study_is_in_any_other_answer_to_a_share_token(
    server: Guarded, route: APIRoute, method: str
) -> None:
    url = _url(route, OURS)
    for query in ("", f"?StudyInstanceUID={OTHERS.study}", f"?SOPInstanceUID={OTHERS.instance}", "?limit=1&offset=1"):
        answer = server.ask(method, url + query, server.share, prefer="count=exact")
        assert not {OTHERS.study, OTHERS.series, OTHERS.instance} & set(answer.text.split('"'))


@pytest.mark.parametrize("user", ["token", "alice"])
def test_the_user_called_token_shows_a_token_as_password(server: Guarded, user: str) -> None:
    answer = server.ask("GET", f"/studies/{OURS.study}/metadata", basic(user, server.share.removeprefix("Bearer ")))
    assert answer.status_code == (200 if user == "token" else 401)


def _url(route: APIRoute, source: Source | None) -> str:
    """The URL of a route for a stored instance, or for one that is not."""
    uids = (source.study, source.series, source.instance) if source else ("1.2", "1.3", "1.4")
    values = dict(zip(("study", "series", "instance"), uids, strict=True)) | {"frames": "1", "attribute": "7FE00010"}
    path = route.path_format
    for name in route.param_convertors:
        path = path.replace(f"{{{name}}}", values.get(name, "1"))
    return f"http://testserver{path}"
