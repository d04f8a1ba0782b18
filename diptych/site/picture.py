"""The picture of the README: some steps of one pair, and in it the text that it shows.

The text makes the picture testable: where the sources have moved on, it differs.
"""

import struct
import zlib
from pathlib import Path
from tempfile import TemporaryDirectory

from diptych.reader.reading import read_source
from diptych.site.browser import browser
from diptych.site.build import build

PAIR, STEPS = "attention/causal", (2, 3)
WIDTH = 1440
SIGNATURE = b"\x89PNG\r\n\x1a\n"
KEYWORD = b"Description"
PLAIN = b"\0\0\0\0\0"  # not compressed, no language, no translation of the keyword


def draw(target: Path) -> None:
    """Draw the steps as the page of the pair shows them.

    Raises:
        FileNotFoundError: there is no browser to draw it with.
    """
    with TemporaryDirectory() as folder, browser() as started:
        build(Path(folder), [PAIR])
        view = started.new_page(
            viewport={"width": WIDTH, "height": 900}, color_scheme="light"
        )
        view.goto((Path(folder) / f"{PAIR}.html").as_uri())
        view.wait_for_function("document.fonts.status === 'loaded'")
        ends = (STEPS[0], STEPS[1] + 1)
        first, after = (view.locator(f"#step-{n}").bounding_box() for n in ends)
        height = after["y"] - first["y"]
        clip = {"x": 0, "y": first["y"], "width": WIDTH, "height": height}
        image = view.screenshot(full_page=True, clip=clip)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(with_text(image, pictured_text()))


def pictured_text() -> str:
    """Return what the picture shows of the sources: sentences, lines and code."""
    rows = read_source(PAIR).sections[0].rows[STEPS[0] : STEPS[1] + 1]
    said = []
    for row in rows:
        said += [f"{step.number}. {step.sentence}" for step in row.steps]
        for code in (*row.reference, *row.torch):
            said += [f"{code.path}, line {code.line}", code.text]
    return "\n".join(said)


def with_text(image: bytes, text: str) -> bytes:
    """Put a text into a PNG image, before its last chunk."""
    end = image.rindex(b"IEND") - 4
    chunk = b"iTXt" + KEYWORD + PLAIN + text.encode()
    length, check = (
        struct.pack(">I", len(chunk) - 4),
        struct.pack(">I", zlib.crc32(chunk)),
    )
    return image[:end] + length + chunk + check + image[end:]


def text_in(image: bytes) -> str:
    """Read the text in a PNG image; "" where there is none.

    >>> end = struct.pack(">I", 0) + b"IEND" + struct.pack(">I", zlib.crc32(b"IEND"))
    >>> text_in(with_text(SIGNATURE + end, "line 7")), text_in(SIGNATURE + end)
    ('line 7', '')
    """
    at = len(SIGNATURE)
    while at < len(image):
        (length,) = struct.unpack(">I", image[at : at + 4])
        kind, data = image[at + 4 : at + 8], image[at + 8 : at + 8 + length]
        if kind == b"iTXt" and data.startswith(KEYWORD + PLAIN):
            return data.removeprefix(KEYWORD + PLAIN).decode()
        at += length + 12
    return ""
