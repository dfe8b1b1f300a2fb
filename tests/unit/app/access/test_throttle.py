"""How often wrong credentials may come."""

import pytest

from app.access.errors import TooManyFailures
from app.access.throttle import Throttle


class _Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def _throttle(clock: _Clock, per_user: int = 2, per_address: int = 4) -> Throttle:
    return Throttle(per_user, per_address, 60, clock)


def test_failures_of_one_user_at_one_address_are_bounded() -> None:
    throttle = _throttle(_Clock())
    for _ in range(2):
        throttle.attempt("192.0.2.1", "alice")
    with pytest.raises(TooManyFailures) as error:
        throttle.attempt("192.0.2.1", "alice")
    assert error.value.seconds == 60
    throttle.attempt("192.0.2.1", "bob")
    throttle.attempt("192.0.2.2", "alice")  # the right user is not locked out elsewhere


def test_failures_of_one_address_are_bounded_whoever_it_claims_to_be() -> None:
    throttle = _throttle(_Clock())
    for user in ("a", "b", "c", None):
        throttle.attempt("192.0.2.1", user)
    for user in ("d", None):
        with pytest.raises(TooManyFailures):
            throttle.attempt("192.0.2.1", user)


def test_what_was_no_failure_does_not_count() -> None:
    throttle = _throttle(_Clock())
    for _ in range(20):
        throttle.attempt("192.0.2.1", "alice")
        throttle.forgive("192.0.2.1", "alice")


def test_failures_are_forgotten_after_a_while() -> None:
    clock = _Clock()
    throttle = _throttle(clock)
    for _ in range(2):
        throttle.attempt("192.0.2.1", "alice")
    clock.now += 59
    with pytest.raises(TooManyFailures) as error:
        throttle.attempt("192.0.2.1", "alice")
    assert error.value.seconds == 1
    clock.now += 1
    throttle.attempt("192.0.2.1", "alice")


def test_the_addresses_of_one_ipv6_network_are_one() -> None:
    throttle = _throttle(_Clock())
    for host in (1, 2):
        throttle.attempt(f"2001:db8:0:1::{host}", "alice")
    with pytest.raises(TooManyFailures):
        throttle.attempt("2001:db8:0:1:ffff::3", "alice")
    throttle.attempt("2001:db8:0:2::1", "alice")


def test_an_address_that_is_none_counts_as_itself() -> None:
    throttle = _throttle(_Clock())
    for _ in range(2):
        throttle.attempt("unknown", "alice")
    with pytest.raises(TooManyFailures):
        throttle.attempt("unknown", "alice")
