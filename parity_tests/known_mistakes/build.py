"""Build a mistake: the files of the reference that it reaches, one of them patched."""

import re
import shutil
import sys
from atexit import register
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import mkdtemp

from parity_tests.catalogue import concept
from parity_tests.known_mistakes.mistake import Mistake
from parity_tests.known_mistakes.patch import ROOT, patched_source, sources

DATA = shutil.ignore_patterns("*.py", "__pycache__")


@cache
def mistaken_class(mistake: Mistake) -> type:
    """Return the class of the mistake's concept with the mistake in it."""
    name = f"{mistaken_package(mistake)}.{dotted(mistake.concept)}"
    made: type = getattr(import_module(name), concept(mistake.concept).class_name)
    return made


@cache
def mistaken_package(mistake: Mistake) -> str:
    """Write the mistake as a package, and return its name, ready to import.

    It holds the patched file and all that import it, each at the path that it has in
    the reference; everything else they import from the reference itself.
    """
    name = re.sub(r"\W", "_", f"mistaken_{mistake.concept}_{mistake.id}")
    reached = importers(mistake.file)
    inside = re.compile("|".join(imports(file) for file in reached), re.MULTILINE)
    for file in reached:
        path = workshop() / name / file
        if not path.parent.exists():
            shutil.copytree((ROOT / file).parent, path.parent, ignore=DATA)
        source = patched_source(mistake) if file == mistake.file else sources()[file]
        source = inside.sub(lambda hit: hit[0].replace("reference", name, 1), source)
        path.write_text(source, encoding="utf-8")
    (workshop() / name / "__init__.py").touch()
    return name


@cache
def importers(file: str) -> frozenset[str]:
    """List the file and all files of the reference that import it, by whatever way."""
    pattern = re.compile(imports(file), re.MULTILINE)
    direct = [each for each, source in sources().items() if pattern.search(source)]
    return frozenset([file]).union(*(importers(each) for each in direct))


def imports(file: str) -> str:
    """Return the pattern of an import of this file.

    >>> bool(re.match(imports("data/windows.py"), "from reference.data import windows"))
    True
    """
    folder, _, name = dotted(file).rpartition(".")
    within = f"reference.{folder}" if folder else "reference"
    return rf"^from {within}(?:\.{name} import| import {name}$)"


def dotted(file: str) -> str:
    """Write a path within the reference as Python imports it."""
    return file.removesuffix(".py").replace("/", ".")


@cache
def workshop() -> Path:
    """Make a folder to import from, gone when Python ends."""
    folder = mkdtemp(prefix="known-mistakes-")
    register(shutil.rmtree, folder, ignore_errors=True)
    sys.path.append(folder)
    return Path(folder)
