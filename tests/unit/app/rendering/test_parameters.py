"""The query parameters of PS3.18 8.3.5.1."""

import pytest

from app.rendering.errors import InvalidRenderingParameter
from app.rendering.options import Annotation, IccProfile, RenderOptions, Viewport
from app.rendering.parameters import (
    CHARSETS,
    DEFAULT_THUMBNAIL,
    parse_rendered_parameters,
    parse_thumbnail_parameters,
)
from app.rendering.voi_lut import VOILUTFunction, Window


def test_no_parameters_are_the_defaults() -> None:
    assert parse_rendered_parameters([]) == RenderOptions()


def test_parameters_of_other_transactions_are_ignored() -> None:
    assert parse_rendered_parameters([("accept", "image/png"), ("limit", "x")]) == RenderOptions()


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("40,400,linear", Window(40, 400)),
        ("-600.5,1.5e3,linear-exact", Window(-600.5, 1500, VOILUTFunction.LINEAR_EXACT)),
        ("0,.5,sigmoid", Window(0, 0.5, VOILUTFunction.SIGMOID)),
        ("40,400", Window(40, 400)),
        ("40,400,LINEAR", Window(40, 400)),
        ("40,400,LINEAR_EXACT", Window(40, 400, VOILUTFunction.LINEAR_EXACT)),
    ],
)
def test_window(text: str, window: Window) -> None:
    assert parse_rendered_parameters([("window", text)]).window == window


@pytest.mark.parametrize(
    ("text", "viewport"),
    [
        ("512,256", Viewport(512, 256)),
        ("512,256,,,100,50.5", Viewport(512, 256, 0, 0, 100, 50.5)),
        ("512,256,10,20", Viewport(512, 256, 10, 20)),
        ("512,256,10,20,-100,50", Viewport(512, 256, 10, 20, 100, 50, flip_horizontally=True)),
        ("512,256,10,20,100,-50", Viewport(512, 256, 10, 20, 100, 50, flip_vertically=True)),
        ("512,256,,,,-50", Viewport(512, 256, 0, 0, None, 50, flip_vertically=True)),
    ],
)
def test_viewport(text: str, viewport: Viewport) -> None:
    assert parse_rendered_parameters([("viewport", text)]).viewport == viewport


def test_annotations_bring_the_overlays_along() -> None:
    options = parse_rendered_parameters([("annotation", "patient,technique")])

    assert options.annotations == {Annotation.PATIENT, Annotation.TECHNIQUE}
    assert options.overlays


def test_dicomweb_clients_examples_are_read() -> None:
    options = parse_rendered_parameters([("quality", "95"), ("iccprofile", "yes")])

    assert (options.quality, options.icc_profile) == (95, IccProfile.YES)


@pytest.mark.parametrize("text", ["utf-8", "UTF-8", "klingon,utf-8;q=0.8"])
def test_character_set(text: str) -> None:
    assert parse_rendered_parameters([("charset", text)]).charset == "utf-8"


@pytest.mark.parametrize("charset", sorted(CHARSETS))
def test_character_sets_on_offer_can_be_written(charset: str) -> None:
    assert "A".encode(parse_rendered_parameters([("charset", charset)]).charset) == b"A"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("window", "40"),
        ("window", "40,400,cubic"),
        ("window", "40,400,linear,1"),
        ("window", "40,0,linear"),
        ("window", "40,0.5,linear"),
        ("window", "40,-1,sigmoid"),
        ("window", "nan,400,linear"),
        ("window", "1e999,400,linear"),
        ("window", ",400,linear"),
        ("window", "٤٠,400,linear"),
        ("viewport", ""),
        ("viewport", "512"),
        ("viewport", "512,"),
        ("viewport", "0,512"),
        ("viewport", "512.5,512"),
        ("viewport", "-512,512"),
        ("viewport", "65535,65535"),
        ("viewport", "9" * 5000 + ",1"),
        ("viewport", "512,512,0,0,0,1"),
        ("viewport", "512,512,a,0,1,1"),
        ("viewport", "512,512,0,0,1,1,1"),
        ("quality", "0"),
        ("quality", "101"),
        ("quality", "high"),
        ("quality", "1.5"),
        ("annotation", "institution"),
        ("annotation", ""),
        ("iccprofile", "cmyk"),
        ("iccprofile", "YES"),
        ("charset", "klingon"),
        ("charset", "rot13"),
    ],
)
def test_malformed_parameters_are_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(InvalidRenderingParameter) as caught:
        parse_rendered_parameters([(name, value)])
    assert caught.value.name == name
    assert str(caught.value).startswith(f"{name}=")
    assert len(str(caught.value)) < 250


def test_thumbnail_has_a_viewport_and_takes_nothing_else() -> None:
    assert parse_thumbnail_parameters([("window", "bad")]) == RenderOptions(viewport=DEFAULT_THUMBNAIL)
    assert parse_thumbnail_parameters([("viewport", "64,32")]) == RenderOptions(viewport=Viewport(64, 32))
