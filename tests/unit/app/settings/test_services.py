import pytest
from pydantic import ValidationError

from app.services.ingest_transcoding import IngestTranscoding, OriginalPolicy
from app.settings import Settings, StoreSettings


@pytest.mark.parametrize(
    ("name", "uid"),
    [
        ("explicit-vr-little-endian", "1.2.840.10008.1.2.1"),
        ("rle", "1.2.840.10008.1.2.5"),
        ("jpeg-ls", "1.2.840.10008.1.2.4.80"),
        ("jpeg-2000", "1.2.840.10008.1.2.4.90"),
        ("htj2k", "1.2.840.10008.1.2.4.201"),
        ("htj2k-rpcl", "1.2.840.10008.1.2.4.202"),
        ("1.2.840.10008.1.2.4.202", "1.2.840.10008.1.2.4.202"),
    ],
)
def test_an_archive_is_kept_in_a_lossless_transfer_syntax_by_name_or_uid(
    name: str, uid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOVEA_STORE__TRANSFER_SYNTAX", name)
    monkeypatch.setenv("FOVEA_STORE__ORIGINAL", "keep")
    assert Settings().store.transcoding == IngestTranscoding(uid, OriginalPolicy.KEEP)


@pytest.mark.parametrize("name", [None, ""])
def test_by_default_everything_is_stored_as_it_comes(name: str | None) -> None:
    assert StoreSettings().transcoding is StoreSettings(transfer_syntax=name).transcoding is None


@pytest.mark.parametrize(
    "name",
    [
        "1.2.840.10008.1.2.4.50",
        "1.2.840.10008.1.2.4.81",
        "1.2.840.10008.1.2.4.91",
        "1.2.840.10008.1.2.4.203",
        "1.2.840.10008.1.2",
        "1.2.840.10008.1.2.2",
        "1.2.840.10008.1.2.1.99",
        "1.2.3",
        "jpeg",
    ],
)
def test_what_is_lossy_or_unknown_or_cannot_be_read_frame_by_frame_is_refused_with_what_is_not(name: str) -> None:
    with pytest.raises(ValidationError, match="htj2k-rpcl"):
        StoreSettings(transfer_syntax=name)


def test_the_original_is_replaced_or_kept() -> None:
    with pytest.raises(ValidationError):
        StoreSettings(transfer_syntax="rle", original="forget")
