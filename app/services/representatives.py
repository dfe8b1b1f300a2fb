"""Which instance stands for a study or series: the middle one of the first series of images (PS3.18 10.4.3.3.4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson
from pydicom.datadict import tag_for_keyword

from app.services.archive import Archive
from app.services.errors import ResourceNotFound
from storage.cache import RecentlyUsed
from storage.query import Query
from storage.records import InstanceMatch
from storage.resource import Level, ResourceKey

REPRESENTATIVES_KEPT = 4096
"""Studies and series whose representative is remembered, some 400 bytes each."""

SERIES_LOOKED_AT, INSTANCES_LOOKED_AT = 200, 20_000
"""Of a study, for one with images, and of a series, for its order, at most."""

_SOP_INSTANCE_UID, _INSTANCE_NUMBER, _ROWS, _SERIES_INSTANCE_UID, _MODALITY = (
    f"{tag_for_keyword(keyword):08X}"
    for keyword in ("SOPInstanceUID", "InstanceNumber", "Rows", "SeriesInstanceUID", "Modality")
)
_DRAWN_ON_OTHERS = frozenset({"SEG"})
"""Modalities of images that say little without those they were made of."""

_Attributes = Mapping[str, Mapping[str, Sequence[object]]]


@dataclass(frozen=True, slots=True)
class Representative:
    """An instance, and how many there are that can be shown one after the other, itself among them."""

    key: ResourceKey
    among: int


@dataclass(frozen=True, slots=True)
class _Entry:
    """An instance of a series by its place in it."""

    sop_instance_uid: str
    number: float
    is_image: bool


class Representatives:
    """Finds representatives; they are remembered until an instance of the study or series comes or goes."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._held: RecentlyUsed[ResourceKey, tuple[bytes, Representative]] = RecentlyUsed(REPRESENTATIVES_KEPT)

    async def of(self, key: ResourceKey) -> Representative:
        """The instance that stands for a study or series. Raises ResourceNotFound."""
        revision = await self._archive.index.revision(key)
        if revision is None:
            raise ResourceNotFound(f"nothing is stored under {key.path}")
        held = self._held.get(key)
        if held is not None and held[0] == revision:
            return held[1]
        instances = await self.instances(key)
        chosen = Representative(instances[len(instances) // 2], len(instances))
        self._held.put(key, (revision, chosen))
        return chosen

    async def instances(self, key: ResourceKey) -> list[ResourceKey]:
        """The images of a series, or of a study's first series of images, in the order of their numbers.

        All instances where there is no image. Raises ResourceNotFound.
        """
        series = key if key.series_instance_uid is not None else await self._series(key)
        entries = [_entry(match) for match in await self._search(series, INSTANCES_LOOKED_AT)]
        if not entries:
            raise ResourceNotFound(f"nothing is stored under {key.path}")
        shown = [entry for entry in entries if entry.is_image] or entries
        study, uid = series.study_instance_uid, series.series_instance_uid
        return [
            ResourceKey(study, uid, entry.sop_instance_uid) for entry in sorted(shown, key=lambda entry: entry.number)
        ]

    async def _series(self, study: ResourceKey) -> ResourceKey:
        """The first series of images that show something by themselves, else of images, else the first of all."""
        query = Query(Level.SERIES, study, (), SERIES_LOOKED_AT)
        ranked: list[tuple[int, int, ResourceKey]] = []
        for place, match in enumerate(await self._archive.index.search_series(query)):
            attributes: _Attributes = orjson.loads(match.attributes)
            series = ResourceKey(study.study_instance_uid, str(_first(attributes, _SERIES_INSTANCE_UID)))
            instances = await self._search(series, 1)
            if not any(_entry(instance).is_image for instance in instances):
                ranked.append((2, place, series))
            elif _first(attributes, _MODALITY) in _DRAWN_ON_OTHERS:
                ranked.append((1, place, series))
            else:
                return series
        if not ranked:
            raise ResourceNotFound(f"nothing is stored under {study.path}")
        return min(ranked)[2]

    async def _search(self, series: ResourceKey, limit: int) -> list[InstanceMatch]:
        return await self._archive.index.search_instances(Query(Level.INSTANCE, series, (), limit))


def _entry(match: InstanceMatch) -> _Entry:
    attributes: _Attributes = orjson.loads(match.attributes)
    number = _first(attributes, _INSTANCE_NUMBER)
    place = float(number) if isinstance(number, int | float) else float("inf")
    return _Entry(str(_first(attributes, _SOP_INSTANCE_UID)), place, _ROWS in attributes)


def _first(attributes: _Attributes, tag: str) -> object:
    return next(iter(attributes.get(tag, {}).get("Value", ())), None)
