"""What is said about a file besides its own sentences: formulas, and what changes.

One TOML file for each source file, at the same path: `notes/attention/causal.toml`.
"""

import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from diptych.reader.model import Formula


@dataclass(frozen=True)
class Notes:
    """The notes on one source file; a file that only helps has formulas alone.

    `sections` lists the functions with numbered steps that a reading goes through,
    in calling order. `defaults` are choices that suit this concept better.
    """

    formulas: dict[str, dict[int, Formula]]
    title: str = ""
    class_name: str = ""
    changes: str = ""
    weights: str = ""
    sections: tuple[str, ...] = ()
    defaults: dict[str, Any] = field(default_factory=dict)


@cache
def notes_on(path: str) -> Notes:
    """Read the notes on a source file, by its path without the package.

    >>> notes_on("attention/causal").class_name
    'CausalAttention'
    """
    file = resources.files("diptych.reader").joinpath("notes", f"{path}.toml")
    if not file.is_file():
        return Notes({})
    said: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
    formulas = {
        function: {int(number): Formula(**formula) for number, formula in steps.items()}
        for function, steps in said.pop("formulas", {}).items()
    }
    return Notes(formulas, sections=tuple(said.pop("sections", ())), **said)


def formula_of(function: str, number: int) -> Formula | None:
    """Find the formula of a step; `function` is a name such as `attention.causal.f`."""
    group, name, title = function.split(".", 2)
    return notes_on(f"{group}/{name}").formulas.get(title, {}).get(number)
