"""A tokenizer as a file: plain JSON, written whole, and nothing unpickled.

Twin: reference/tokenizers/saved.py
"""

import json
import os
import secrets
from pathlib import Path
from typing import Any


def write_whole(path: str | os.PathLike[str], described: dict[str, Any]) -> None:
    """Write a description as JSON beside `path`, then rename it to `path`.

    What stands at `path` already survives a write that fails. The JSON is ASCII, so
    that no platform's encoding can harm it.
    """
    content = json.dumps(described).encode()
    target = Path(path).resolve()  # a link stays a link
    part = target.with_name(f"{target.name}.{secrets.token_hex(4)}.part")
    try:
        part.write_bytes(content)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def read_description(path: str | os.PathLike[str], kind: str) -> dict[str, Any]:
    """Read what `write_whole` wrote, if it describes a tokenizer of that kind.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is cut short, no JSON, or no such tokenizer.
    """
    content = Path(path).read_bytes()
    try:
        described = json.loads(content)
    except (ValueError, RecursionError):
        described = None
    refusal = f"{Path(path).name} is not a saved {kind}"
    if not isinstance(described, dict):
        raise ValueError(f"{refusal}: it is cut short, or no JSON object")
    found = described.pop("tokenizer", None)
    if found != kind:
        raise ValueError(f"{refusal}: it says that it is a {found!r}")
    return described
