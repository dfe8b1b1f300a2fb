"""A cluster for tests that look at instances of their own alone."""

from collections.abc import Iterator

import pytest

from app.access.scopes import AccessScope
from app.access.users import add_user
from tests.cluster.servers import MODALITY, READER, Cluster, cluster
from tests.postgresql_server import PostgresqlServer
from tests.swift_server import SwiftServer


@pytest.fixture(scope="package")
def shared_cluster(
    tmp_path_factory: pytest.TempPathFactory, postgresql: PostgresqlServer, swift: SwiftServer
) -> Iterator[Cluster]:
    """Two servers that replace what is stored again, with a user who may do everything and one who may store alone."""
    folder = tmp_path_factory.mktemp("cluster")
    users = folder / "users.htpasswd"
    add_user(users, *READER, list(AccessScope))
    add_user(users, *MODALITY, [AccessScope.WRITE])
    settings = {
        "FOVEA_AUTH__USER_FILE": str(users),
        "FOVEA_PROXY__TRUSTED": '["127.0.0.1"]',
        "FOVEA_STORE__DUPLICATES": "replace",
    }
    with cluster(folder, postgresql.new_database(), swift, **settings) as started:
        yield started
