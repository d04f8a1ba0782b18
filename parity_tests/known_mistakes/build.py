"""Build a mistake: the files that a pair imports as a package, one of them patched."""

import re
import shutil
import sys
from atexit import register
from functools import cache
from importlib import import_module, invalidate_caches
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from parity_tests.known_mistakes.mistake import Mistake
from parity_tests.known_mistakes.patch import patched_source, source_of
from parity_tests.sources.panels import files, imported, module_name, root, subject

SHARED = ("module.py", "tape.py")  # a mistake is built on the reference's own
REWRITTEN = re.compile(r"\breference\.(?!(?:module|tape)\b)")
DATA = shutil.ignore_patterns("*.py", "__pycache__")


@cache
def mistaken_part(mistake: Mistake) -> Any:
    """Return the class or the function of a pair with the mistake in it."""
    name = f"{mistaken_package(mistake)}.{module_name(f'{mistake.pair}.py')}"
    return getattr(import_module(name), subject(mistake.pair))


@cache
def mistaken_package(mistake: Mistake) -> str:
    """Write the mistake as a package, and return its name, ready to import.

    It holds all files that the pair imports at the paths that they have in the
    reference, so that each of their steps can be recorded.
    """
    name = re.sub(r"\W", "_", f"mistaken_{mistake.pair}_{mistake.id}")
    folders = {Path(file).parent for file in files_of(mistake.pair)}
    for folder in sorted(folders):
        data, here = root("reference") / folder, workshop() / name / folder
        shutil.copytree(data, here, ignore=DATA, dirs_exist_ok=True)
    for file in files_of(mistake.pair):
        source = patched_source(mistake) if file == mistake.file else source_of(file)
        path = workshop() / name / file
        path.write_text(REWRITTEN.sub(f"{name}.", source), encoding="utf-8")
    (workshop() / name / "__init__.py").touch()
    invalidate_caches()
    return name


@cache
def files_of(pair: str) -> tuple[str, ...]:
    """List the file of a pair and all that it imports, the nearest first.

    >>> files_of("attention/multi_head_wrapper")[:2]
    ('attention/multi_head_wrapper.py', 'attention/causal.py')
    """
    found = [f"{pair}.py"]
    known = {f"reference.{module_name(each)}": each for each in files("reference")}
    for file in found:  # which grows meanwhile
        own = {known[n] for n in imported("reference", file) if n in known}
        found += sorted(own - {*found, *SHARED})
    return tuple(found)


@cache
def workshop() -> Path:
    """Make a folder to import from, gone when Python ends."""
    folder = mkdtemp(prefix="known-mistakes-")
    register(shutil.rmtree, folder, ignore_errors=True)
    sys.path.append(folder)
    return Path(folder)
