"""What the tests against pydicom share."""

import logging
import warnings
from collections.abc import Iterator

import pytest


@pytest.fixture
def quiet_pydicom() -> Iterator[None]:
    """Files that bend the rules are the point of these tests, so pydicom's warnings about them are not."""
    logging.disable(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    logging.disable(logging.NOTSET)
