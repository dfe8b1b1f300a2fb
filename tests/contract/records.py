"""Instance records for tests of the index: small, each with bytes of its own, values by keyword."""

import hashlib

from storage.records import InstanceRecord
from storage.resource import ResourceKey

CT_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"


def key(study: object = None, series: object = None, instance: object = None) -> ResourceKey:
    """A key with UIDs that end in the given numbers; each goes by its parents' as well."""
    return ResourceKey(
        None if study is None else f"1.2.{study}",
        None if series is None else f"1.2.{study}.{series}",
        None if instance is None else f"1.2.{study}.{series}.{instance}",
    )


def record(
    study: object = 1,
    series: object = 1,
    instance: object = 1,
    *,
    content: str = "",
    values: dict[str, str | tuple[str, ...]] | None = None,
    resource: ResourceKey | None = None,
    tag: str = "",
) -> InstanceRecord:
    """A record of the instance ``key(study, series, instance)``, or of ``resource``.

    Records of one instance with unequal ``content`` have unequal bytes; ``values`` are those searched, beside the UIDs.
    Documents mention ``tag`` as DICOM JSON does.
    """
    resource = resource or key(study, series, instance)
    name = f"{resource.path}{content}"
    mentioned = f' with "{tag}"' if tag else ""
    uids = {
        "StudyInstanceUID": resource.study_instance_uid or "",
        "SeriesInstanceUID": resource.series_instance_uid or "",
        "SOPInstanceUID": resource.sop_instance_uid or "",
        "SOPClassUID": CT_IMAGE_STORAGE,
    }
    searched = {
        keyword: (value,) if isinstance(value, str) else value for keyword, value in (uids | (values or {})).items()
    }
    return InstanceRecord(
        key=resource,
        sop_class_uid=searched["SOPClassUID"][0],
        transfer_syntax_uid=EXPLICIT_VR_LITTLE_ENDIAN,
        blob_key=f"blob{name}",
        size=1_000_000_000_000 + len(name),
        sha256=hashlib.sha256(name.encode()).digest(),
        index_values=searched,
        study_attributes=f"study of {name}{mentioned}".encode(),
        series_attributes=f"series of {name}{mentioned}".encode(),
        instance_attributes=f"instance {name}".encode(),
        metadata=f"metadata of {name}{mentioned}".encode(),
        frame_index=f"frames of {name}".encode(),
        bulk_index=f"bulk values of {name}".encode(),
    )
