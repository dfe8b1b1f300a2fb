from tests.api.test_delete import *  # noqa: F403
from tests.api.test_store_instances import *  # noqa: F403
from tests.api.test_store_outcomes import *  # noqa: F403
