"""How many requests that cost much are worked on at the same time."""

import asyncio

from starlette.types import ASGIApp, Receive, Scope, Send

from app.settings import LimitsSettings


class TooCrowded(Exception):
    """The server has as much to do as it takes on."""


class Turnstile:
    """Lets a bounded number of requests through at a time.

    Not for uploads: those that come slowly, or not at all, would keep out all others.
    """

    def __init__(self, settings: LimitsSettings) -> None:
        self._places = asyncio.Semaphore(settings.heavy_requests)
        self._patience = settings.heavy_wait_seconds
        self._waiting = 0

    def waiting(self) -> int:
        """How many requests wait for a place."""
        return self._waiting

    async def take_place(self) -> None:
        """Wait for a place. Raises TooCrowded."""
        self._waiting += 1
        try:
            async with asyncio.timeout(self._patience):
                await self._places.acquire()
        except TimeoutError as error:
            raise TooCrowded("the server has too much to do; try again later") from error
        finally:
            self._waiting -= 1

    def leave_place(self) -> None:
        """The request is done."""
        self._places.release()


class InTurn:
    """ASGI application around that of a route that costs much."""

    def __init__(self, route: ASGIApp, turnstile: Turnstile) -> None:
        self._route = route
        self._turnstile = turnstile

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request when it is its turn."""
        await self._turnstile.take_place()
        try:
            await self._route(scope, receive, send)
        finally:
            self._turnstile.leave_place()
