"""A page as a list of parts, written as Markdown or as HTML: the same words, the same numbers, once."""

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Heading:
    level: int
    text: str


@dataclass(frozen=True)
class Paragraph:
    text: str


@dataclass(frozen=True)
class Table:
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Figure:
    """A picture by its path from the page, and what it shows."""

    path: str
    caption: str


Part = Heading | Paragraph | Table | Figure

STYLE = """body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; margin: 1rem 0; font-size: 0.9rem; }
th, td { border-bottom: 1px solid #ccc; padding: 0.3rem 0.7rem 0.3rem 0; text-align: left; vertical-align: top; }
img { max-width: 100%; } figure { margin: 1.5rem 0; } figcaption { font-size: 0.85rem; } code { background: #f3f3f3; }"""


def to_markdown(parts: Iterable[Part]) -> str:
    """The page as GitHub's Markdown."""
    return "\n\n".join(map(_markdown, parts)) + "\n"


def write_markdown(parts: Iterable[Part], file: Path) -> Path:
    """Write the page as Markdown; nothing is written where a part of it cannot be made. Returns the file."""
    file.write_text(to_markdown(parts), encoding="utf-8")
    return file


def to_html(parts: Sequence[Part], title: str) -> str:
    """The page as one HTML file; figures lie beside it. Only `code` between backticks is more than text."""
    body = "\n".join(map(_html, parts))
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{_text(title)}</title><style>{STYLE}</style>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>\n{body}\n</body></html>\n'


def _markdown(part: Part) -> str:
    match part:
        case Heading(level, text):
            return f"{'#' * level} {text}"
        case Paragraph(text):
            return text
        case Figure(path, caption):
            return f"![{caption}]({path})\n\n*{caption}*"
        case Table(header, rows):
            lines = [header, ["---"] * len(header), *rows]
            return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _html(part: Part) -> str:
    match part:
        case Heading(level, text):
            return f"<h{level}>{_text(text)}</h{level}>"
        case Paragraph(text):
            return f"<p>{_text(text)}</p>"
        case Figure(path, caption):
            return f'<figure><img src="{html.escape(path)}" alt="{html.escape(caption)}"><figcaption>{_text(caption)}</figcaption></figure>'
        case Table(header, rows):
            head = "".join(f"<th>{_text(cell)}</th>" for cell in header)
            body = "\n".join("<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>" for row in rows)
            return f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>"


def _text(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))
