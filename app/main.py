"""The one place where the parts are put together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.middleware import Middleware
from starlette.responses import Response

from app.access.audit import Activity, AuditEvent, AuditTrail
from app.access.gate import Gate
from app.description.documentation import with_path_parameters
from app.dicom.limits import ParseLimits
from app.middleware import errors
from app.middleware.auditing import open_audit_trail
from app.middleware.authentication import open_gate
from app.middleware.boundary import RequestBoundary
from app.middleware.crowding import Turnstile
from app.middleware.head import HeadAsGet
from app.middleware.hosts import HostCheck
from app.middleware.origins import CrossOrigin
from app.middleware.page_headers import PageHeaders
from app.middleware.plain_endpoint import make_plain
from app.middleware.plain_paths import PlainPaths
from app.middleware.protection import Protection, describe_credentials
from app.middleware.proxies import TrustedProxies
from app.middleware.request_limits import RequestLimits
from app.middleware.route_table import RouteTable
from app.process import logs
from app.process.garbage import spare_what_stays
from app.process.metrics import Metrics
from app.process.server_process import beginning, codec_guard, end_with_parent
from app.requests.dependencies import Server
from app.requests.urls import BaseUrl
from app.responses.validation import cache_control
from app.routes import (
    bulk_data,
    delete,
    frames,
    health,
    instances,
    metadata,
    metrics,
    rendered,
    search,
    store,
    thumbnails,
    upload,
    wado_uri,
)
from app.routes.capabilities import capabilities_router
from app.services.archive import Archive
from app.services.rendering import Renderer, RenderingPolicy
from app.services.store import StorePolicy
from app.services.transcoding import Transcoder
from app.settings import Settings
from app.workers import waiting
from storage.blobs.factory import open_blob_store
from storage.index.factory import open_index

DICOMWEB_ROUTERS = tuple(
    module.router
    for module in (frames, instances, metadata, search, rendered, thumbnails, bulk_data, wado_uri, store, delete)
)
"""The routers, those of the hottest routes first: of routes of one length, a request is matched against one after the
other."""


def create_app(settings: Settings) -> FastAPI:
    """A server of one archive, as the settings say."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        end_with_parent()
        with beginning(settings.archive_place):
            archive = await open_archive(settings)
        policy = store_policy(settings)
        validity = cache_control(settings.retrieve.cache_seconds)
        renderer = Renderer(archive, RenderingPolicy(**settings.rendering.model_dump()))
        base_url = BaseUrl(settings)
        transcoder = Transcoder(archive, settings.retrieve.cache_bytes)
        app.state.server = Server(
            archive, settings.limits, settings.cors, base_url, policy, validity, renderer, transcoder
        )
        _watch(figures, app.state.server)
        figures.watch_queue("pictures", protection.turnstile.waiting)
        refreshing = asyncio.create_task(figures.keep_fresh())
        audit.write(Activity(AuditEvent.START))
        try:
            async with codec_guard(settings.limits.codec_seconds):
                yield
        finally:
            refreshing.cancel()
            await archive.close()
            audit.write(Activity(AuditEvent.STOP))
            audit.close()

    gate = open_gate(settings)
    protection = Protection(gate, Turnstile(settings.limits))
    figures = Metrics()
    audit = open_audit_trail(settings)
    app = FastAPI(
        title="Fovea",
        summary="A DICOMweb server: QIDO-RS, WADO-RS and STOW-RS of DICOM PS3.18.",
        version=version("fovea-dicomweb"),
        lifespan=lifespan,
        redirect_slashes=False,
        # The spans of FastAPI hold the query, so search keys, which are patient data.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
        middleware=_middleware(settings, gate, audit, figures),
    )
    app.state.metrics = figures
    errors.install(app)
    _add_routers(app, protection, settings.dicomweb_root)
    describe_credentials(app)
    app.router.middleware_stack = RouteTable(app.router)
    return app


def create_app_from_environment() -> FastAPI:
    """For server processes that are told their settings by environment variables."""
    settings = Settings()
    logs.configure(settings.log_level, settings.log_format)
    with beginning(settings.archive_place):
        app = create_app(settings)
    spare_what_stays()
    return app


async def open_archive(settings: Settings) -> Archive:
    """Open the stores that the settings name, and remove what interrupted requests left behind."""
    blobs = open_blob_store(settings.blob_location, settings.object_store)
    archive = Archive(blobs, await open_index(settings.index_url, settings.index.connections))
    await archive.sweep()
    return archive


def _add_routers(app: FastAPI, protection: Protection, dicomweb_root: str) -> None:
    """Add all routes, those of DICOMweb below its root."""
    for router in DICOMWEB_ROUTERS:
        _add_routes(app, protection, router, dicomweb_root)
    for router in (health.router, metrics.router, upload.router):
        _add_routes(app, protection, router)
    for router in DICOMWEB_ROUTERS:
        # Also at the server's root, for 3D Slicer's DICOMSender with an address that has no path.
        _add_routes(app, protection, router, in_schema=False)
    capabilities = capabilities_router(DICOMWEB_ROUTERS)
    for prefix in (dicomweb_root, ""):
        _add_routes(app, protection, capabilities, prefix)


def _add_routes(
    app: FastAPI, protection: Protection, router: APIRouter, prefix: str = "", *, in_schema: bool = True
) -> None:
    """Add the routes of a file to the application itself, each behind a guard.

    ``include_router`` would keep the routers nested and match each request twice on its way through them, which takes
    longer than the look-up of a frame.
    """
    for route in router.routes:
        if isinstance(route, APIRoute):
            app.add_api_route(
                prefix + route.path or "/",
                route.endpoint,
                methods=sorted(route.methods or ()),
                operation_id=route.operation_id,
                summary=route.summary,
                tags=route.tags,
                status_code=route.status_code,
                responses={**errors.DOCUMENTATION, **route.responses},
                response_class=Response,
                openapi_extra=with_path_parameters(route),
                include_in_schema=in_schema and route.include_in_schema,
            )
            make_plain(app.routes[-1])
            protection.put_before(app.routes[-1], router)


def _watch(figures: Metrics, server: Server) -> None:
    """Let the figures tell of what the parts of the server remember, and of what waits in them."""
    figures.watch_cache("frame_indexes", server.archive.frame_indexes)
    figures.watch_cache("transcoded_frames", server.transcoder.cache)
    figures.watch_cache("renderings", server.renderer.cache)
    figures.watch_queue("index_writes", server.archive.index.waiting_writes)
    figures.watch_queue("cpu_work", waiting)


def store_policy(settings: Settings) -> StorePolicy:
    """What the settings say of instances that are stored."""
    limits = settings.limits
    parse_limits = ParseLimits(
        max_depth=limits.nesting, max_elements=limits.elements, max_inflated=limits.inflated_bytes
    )
    store = settings.store
    return StorePolicy(store.duplicates, store.validation, parse_limits, transcoding=store.transcoding)


def _middleware(settings: Settings, gate: Gate, audit: AuditTrail, figures: Metrics) -> list[Middleware]:
    """From the outside in."""
    return [
        Middleware(TrustedProxies, settings=settings.proxy),
        Middleware(CrossOrigin, settings=settings.cors, everybody_logs_in=gate.asks_everybody),
        Middleware(RequestBoundary, audit=audit, metrics=figures),
        Middleware(HostCheck, settings=settings, is_open=gate.asks_nobody),
        Middleware(RequestLimits, settings=settings.limits),
        Middleware(PageHeaders),
        Middleware(HeadAsGet),
        Middleware(PlainPaths),
    ]
