"""The one place where the parts are put together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response

from app import errors, logs
from app.boundary import RequestBoundary
from app.dependencies import Server
from app.dicom.limits import ParseLimits
from app.head import HeadAsGet
from app.origins import LOOPBACK_ORIGIN
from app.routes import bulk_data, delete, frames, health, instances, metadata, search, store, upload
from app.server_process import end_with_parent
from app.services.archive import Archive
from app.services.store import StorePolicy
from app.settings import Settings
from app.urls import BaseUrl, PlainPaths
from storage.blobs.factory import open_blob_store
from storage.index.factory import open_index

DICOMWEB_ROUTERS = tuple(module.router for module in (frames, instances, metadata, bulk_data, search, store, delete))
"""The routers, those of the hottest routes first: a request is matched against one after the other."""

PREFLIGHT_SECONDS = 7200
"""How long a browser may remember a preflight answer: without it every frame costs two requests."""


def create_app(settings: Settings) -> FastAPI:
    """A server of one archive, as the settings say."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        end_with_parent()
        archive = await open_archive(settings)
        policy = _store_policy(settings)
        app.state.server = Server(archive, settings.limits, settings.cors, BaseUrl(settings), policy)
        try:
            yield
        finally:
            await archive.close()

    app = FastAPI(
        title="Fovea",
        summary="A DICOMweb server: QIDO-RS, WADO-RS and STOW-RS of DICOM PS3.18.",
        version=version("fovea-dicomweb"),
        lifespan=lifespan,
        redirect_slashes=False,
        middleware=_middleware(settings),
    )
    errors.install(app)
    for router in DICOMWEB_ROUTERS:
        _add_routes(app, router, settings.dicomweb_root)
    for router in (health.router, upload.router):
        _add_routes(app, router)
    for router in DICOMWEB_ROUTERS:
        # Also at the server's root, for 3D Slicer's DICOMSender with an address that has no path.
        _add_routes(app, router, in_schema=False)
    return app


def create_app_from_environment() -> FastAPI:
    """For server processes that are told their settings by environment variables."""
    settings = Settings()
    logs.configure(settings.log_level)
    return create_app(settings)


async def open_archive(settings: Settings) -> Archive:
    """Open the stores that the settings name, and remove what interrupted requests left behind."""
    archive = Archive(open_blob_store(settings.blob_location), await open_index(settings.index_url))
    await archive.sweep()
    return archive


def _add_routes(app: FastAPI, router: APIRouter, prefix: str = "", *, in_schema: bool = True) -> None:
    """Add the routes of a file to the application itself.

    ``include_router`` would keep the routers nested and match each request twice on its way through them, which takes
    longer than the look-up of a frame.
    """
    for route in router.routes:
        if isinstance(route, APIRoute):
            app.add_api_route(
                prefix + route.path,
                route.endpoint,
                methods=sorted(route.methods or ()),
                operation_id=route.operation_id,
                summary=route.summary,
                tags=route.tags,
                status_code=route.status_code,
                responses={**errors.DOCUMENTATION, **route.responses},
                response_class=Response,
                openapi_extra=route.openapi_extra,
                include_in_schema=in_schema and route.include_in_schema,
            )


def _store_policy(settings: Settings) -> StorePolicy:
    limits = settings.limits
    parse_limits = ParseLimits(
        max_depth=limits.nesting, max_elements=limits.elements, max_inflated=limits.inflated_bytes
    )
    return StorePolicy(settings.store.duplicates, settings.store.validation, parse_limits)


def _middleware(settings: Settings) -> list[Middleware]:
    """From the outside in."""
    cors = Middleware(
        CORSMiddleware,
        allow_origins=settings.cors.origins,
        allow_origin_regex=LOOPBACK_ORIGIN,
        allow_methods=["GET", "POST", "DELETE", "OPTIONS"],
        allow_headers=["Accept", "Authorization", "Content-Type", "If-None-Match", "Range"],
        expose_headers=["Content-Length", "Content-Location", "Content-Range", "Content-Type", "ETag", "Warning"],
        max_age=PREFLIGHT_SECONDS,
    )
    return [cors, Middleware(RequestBoundary), Middleware(HeadAsGet), Middleware(PlainPaths)]
