"""What can be known of docker-compose.yml and the Dockerfile without Docker."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.cli.main import KEEP_ALIVE_SECONDS, SHUTDOWN_SECONDS
from app.main import create_app
from app.settings import Settings
from app.settings.table import settings_table

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
VARIABLES = set(re.findall(r"`(FOVEA_\w+)`", settings_table()))

ENDS_WHEN_DONE = {"migrate", "bucket"}
WRITES_TO_ITS_OWN_ROOT = {"viewer", "ohif"}

each_service = pytest.mark.parametrize("name", SERVICES)


def test_there_is_one_server_and_there_is_a_cluster() -> None:
    profiles = {
        name: {service for service, told in SERVICES.items() if told["profiles"] == [name]}
        for name in ("single", "cluster")
    }
    assert profiles["single"] == {"fovea", "viewer"}
    assert profiles["cluster"] == SERVICES.keys() - profiles["single"]
    assert {"fovea-1", "fovea-2", "postgres", "objects", "nginx", "ohif"} <= profiles["cluster"]


@each_service
def test_a_service_is_watched_and_bounded(name: str) -> None:
    service = SERVICES[name]
    assert service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory"}
    assert service["pids_limit"] <= 512
    assert (service["restart"] == "no") == (name in ENDS_WHEN_DONE)
    if name not in ENDS_WHEN_DONE:
        assert service["healthcheck"]["test"][0] == "CMD"


@each_service
def test_a_service_may_little(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service.get("read_only", False) == (name not in WRITES_TO_ITS_OWN_ROOT)


def test_of_the_cluster_the_balancer_alone_is_published_and_all_is_on_loopback() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published.keys() == {"fovea", "viewer", "nginx"}
    for port in (port for ports in published.values() for port in ports):
        assert re.match(r"127\.0\.0\.1:|\$\{FOVEA_PUBLISH:-127\.0\.0\.1\}:", port)
    assert SERVICES["nginx"]["networks"] == ["outside", "servers"]
    for name in SERVICES.keys() - {"fovea", "viewer", "nginx"}:
        assert all(COMPOSE["networks"][network]["internal"] for network in SERVICES[name]["networks"])


def test_everything_that_is_named_is_there() -> None:
    mounted = {volume.partition(":")[0] for service in SERVICES.values() for volume in service.get("volumes", ())}
    assert mounted == COMPOSE["volumes"].keys()
    for kind in ("secrets", "configs"):
        used = {
            each["source"] if isinstance(each, dict) else each
            for service in SERVICES.values()
            for each in service.get(kind, ())
        }
        assert used == COMPOSE[kind].keys()
    for name, service in SERVICES.items():
        assert service.get("depends_on", {}).keys() <= SERVICES.keys() - {name}
    for config in COMPOSE["configs"].values():
        assert "content" in config or (ROOT / config["file"]).is_file()


def test_secrets_are_files_that_no_image_and_no_commit_holds() -> None:
    assert all(secret["file"].startswith("secrets/") for secret in COMPOSE["secrets"].values())
    assert "secrets/" in (ROOT / ".gitignore").read_text().split()
    assert (ROOT / ".dockerignore").read_text().split()[0] == "*"
    told = "".join(str(service.get("environment", "")) for service in SERVICES.values())
    assert "SECRET_ACCESS" not in told
    assert re.findall(r"PASSWORD(?!_FILE)", told) == []


def test_every_variable_is_a_setting() -> None:
    named = set(re.findall(r"FOVEA_\w+", DOCKERFILE))
    for service in SERVICES.values():
        named |= {name for name in service.get("environment", {}) if name.startswith("FOVEA_")}
        named |= {name.upper() for name in service.get("secrets", ()) if str(name).startswith("fovea_")}
    assert named <= VARIABLES


def test_a_server_of_the_cluster_starts_with_its_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    users = tmp_path / "users.htpasswd"
    users.touch()
    (tmp_path / "fovea_index__url").write_text("postgresql://fovea:hidden@postgres/fovea")
    (tmp_path / "fovea_storage__options").write_text('{"access_key_id": "a", "secret_access_key": "b"}')
    for name, value in SERVICES["fovea-1"]["environment"].items():
        monkeypatch.setenv(name, re.sub(r"\$\{\w+:-(.*?)\}", r"\1", str(value)))
    monkeypatch.setenv("FOVEA_SECRETS", str(tmp_path))
    monkeypatch.setenv("FOVEA_AUTH__USER_FILE", str(users))
    settings = Settings(host="0.0.0.0")
    assert settings.index_url.startswith("postgresql://fovea:")
    assert (settings.blob_location, len(settings.object_store.client)) == ("s3://fovea/archive", 2)
    assert [str(network) for network in settings.proxy.trusted] == ["172.31.250.0/24"]
    assert "172.31.250.0/24" in COMPOSE["networks"]["servers"]["ipam"]["config"][0]["subnet"]


def test_what_kubernetes_is_told_is_what_there_is() -> None:
    [manifest] = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs/deployment.md").read_text(encoding="utf-8"), re.DOTALL)
    pod = yaml.safe_load(manifest)["spec"]["template"]["spec"]
    [container] = pod["containers"]
    assert {each["name"] for each in container["env"]} <= VARIABLES
    probes = {name: told["httpGet"] for name, told in container.items() if name.endswith("Probe")}
    assert {name: told["path"] for name, told in probes.items()} == {
        "startupProbe": "/health",
        "livenessProbe": "/health",
        "readinessProbe": "/ready",
    }
    assert {told["port"] for told in probes.values()} == {8080}
    assert f"--uid {pod['securityContext']['runAsUser']} " in DOCKERFILE
    assert {each["name"] for each in container["volumeMounts"]} == {each["name"] for each in pod["volumes"]}
    assert pod["terminationGracePeriodSeconds"] > SHUTDOWN_SECONDS + int(
        container["lifecycle"]["preStop"]["exec"]["command"][1]
    )


def test_proxies_end_idle_connections_before_the_server_does() -> None:
    configuration = (ROOT / "docs/nginx/fovea.conf").read_text(encoding="utf-8")
    [seconds] = re.findall(r"keepalive_timeout (\d+)s;", configuration)
    assert int(seconds) < KEEP_ALIVE_SECONDS


def test_the_image_serves_as_somebody_without_rights_from_where_it_may_write() -> None:
    assert re.search(r"^USER fovea$", DOCKERFILE, re.MULTILINE)
    assert re.search(r'^CMD \["fovea", "serve"\]$', DOCKERFILE, re.MULTILINE)
    [folders] = re.findall(r"install --directory --owner fovea (.*)", DOCKERFILE)
    for name in ("fovea", "fovea-1", "fovea-2"):
        targets = {volume.partition(":")[2] for volume in SERVICES[name]["volumes"]}
        assert "/data" in targets <= set(folders.split())
    paths = create_app(Settings()).openapi()["paths"]
    asked = re.findall(r"http://127\.0\.0\.1:8080(/\w+)", DOCKERFILE + str(SERVICES["fovea"]["healthcheck"]))
    assert set(asked) == {"/health", "/ready"} <= paths.keys()
