"""A report as text/html, text/plain and text/xml (PS3.18 8.7.4). Every text of it is escaped: it may be hostile.

The XML is the page again, as XHTML: it reads the same in a browser, and programs find sections, names and values by
element and class. The data set itself is had as metadata, in DICOM JSON and the Native DICOM Model.
"""

from collections.abc import Iterator
from html import escape

from app.rendering.report import ContentItem, Report, all_items

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; color: #1c2430; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin: 1.6rem 0 .4rem; border-bottom: 1px solid #d5dbe3; }
h3, h4, h5, h6 { font-size: 1rem; margin: 1rem 0 .2rem; }
header dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; }
dt, .name { color: #5a6675; } dd { margin: 0; }
section section, section > p { margin-left: 1rem; } p { margin: .15rem 0; white-space: pre-line; }
"""

_DEEPEST_HEADING = 6

_NOT_XML = dict.fromkeys([*range(9), 11, 12, *range(14, 32), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF], "\ufffd")
"""Characters that XML 1.0 has no form for."""


def report_html(report: Report, charset: str) -> bytes:
    """A page of its own: without scripts, and without anything to load."""
    return _page(report, charset, f'<!DOCTYPE html>\n<html>\n<head>\n<meta charset="{charset}">')


def report_xml(report: Report, charset: str) -> bytes:
    """The same page as XML."""
    head = f'<?xml version="1.0" encoding="{charset}"?>\n<html xmlns="http://www.w3.org/1999/xhtml">\n<head>'
    return _page(report, charset, head)


def _page(report: Report, charset: str, head: str) -> bytes:
    title = _escaped(report.title)
    header = "".join(f"<dt>{_escaped(name)}</dt><dd>{_escaped(value)}</dd>\n" for name, value in report.header)
    body = "\n".join(_html(item, 2) for item in report.items)
    page = (
        f"{head}\n<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<header>\n<h1>{title}</h1>\n<dl>\n{header}</dl>\n</header>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )
    return page.encode(charset, "xmlcharrefreplace")


def _escaped(text: str) -> str:
    return escape(text.translate(_NOT_XML))


def _html(item: ContentItem, level: int) -> str:
    """A section where there is something below the item, else a line."""
    name, value = _escaped(item.name), _escaped(item.value)
    if not item.children:
        label = f'<span class="name">{name}{":" if value else ""}</span> ' if name else ""
        return f"<p>{label}{value}</p>"
    heading = ": ".join(text for text in (name, value) if text) or "…"
    rank = min(level, _DEEPEST_HEADING)
    inner = "\n".join(_html(child, level + 1) for child in item.children)
    return f"<section>\n<h{rank}>{heading}</h{rank}>\n{inner}\n</section>"


def report_text(report: Report, charset: str) -> bytes:
    """Lines, indented as deep as their items are in the tree."""
    return "\n".join(_lines(report)).encode(charset, "replace")


def _lines(report: Report) -> Iterator[str]:
    yield report.title
    yield "=" * len(report.title)
    yield from (f"{name}: {value}" for name, value in report.header)
    yield ""
    for depth, item in all_items(report.items):
        line = ": ".join(text for text in (item.name, item.value) if text)
        yield "  " * depth + (line or "…").replace("\n", "\n" + "  " * (depth + 1))
    yield ""
