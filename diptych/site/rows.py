"""Rows as a page shows them: anchors, figures, and what a fused call covers."""

import re
from dataclasses import dataclass, replace
from typing import Any

from diptych.reader.model import Code, Row, Section, Step
from diptych.site.figures import Figure, figures, left_out
from diptych.site.outcomes import bare

FEW_PANELS = 2
LABELS = {"numpy": "NumPy", "torch": "PyTorch"}


@dataclass(frozen=True)
class Part:
    """One of the steps that a fused call covers, with the other backend's code."""

    step: Step
    anchor: str
    backend: str
    codes: tuple[Code, ...]

    @property
    def label(self) -> str:
        """The name of the backend."""
        return LABELS[self.backend]


@dataclass(frozen=True)
class RowView:
    """A row with its anchor, its values drawn, and its fused call if it has one."""

    row: Row
    anchor: str
    figures: tuple[Figure, ...]
    note: str = ""
    parts: tuple[Part, ...] = ()
    whole_backend: str = ""
    whole: tuple[Code, ...] = ()

    def __getattr__(self, name: str) -> Any:
        """Give what the row itself has: steps, first, last, reference, torch."""
        return getattr(self.row, name)

    @property
    def whole_label(self) -> str:
        """The name of the backend that does all steps in one call."""
        return LABELS[self.whole_backend]


@dataclass(frozen=True)
class SectionView:
    """A function with its rows.

    `other` is what PyTorch does instead, in a function of its own.
    """

    title: str
    sentence: str
    calls: int
    prefix: str
    helps: bool
    rows: tuple[RowView, ...]
    other: "SectionView | None" = None

    @property
    def backend(self) -> str:
        """The backend that alone has its steps; "" where both have, or none."""
        has_numpy = any(row.reference for row in self.rows[1:])
        has_torch = any(row.torch for row in self.rows[1:])
        return {(1, 0): "numpy", (0, 1): "torch"}.get((has_numpy, has_torch), "")

    @property
    def short(self) -> str:
        """The title without the class that the page is about, and without `forward`."""
        named = self.title.removesuffix(".forward")
        return named if self.prefix and self.helps else named.rpartition(".")[2]


def section_views(
    sections: tuple[Section, ...], note: str, backward: tuple[Section, ...] = ()
) -> list[SectionView]:
    """Prepare every function, and the backward of each.

    The note on the parameters goes to the very first row.
    """
    views = []
    for number, section in enumerate((*sections, *backward)):
        prefix = f"{slug(section.title)}-" if number else ""
        rows = tuple(
            row_view(row, prefix, "" if number or row.first else note)
            for row in section.rows
        )
        if number >= len(sections):
            rows = tuple(replace(row, figures=shorter(row.figures)) for row in rows)
        owner = section.function.name.rpartition(".")[0]
        views.append(
            SectionView(
                title=section.title,
                sentence=section.sentence,
                calls=section.calls,
                prefix=prefix,
                helps=owner != sections[0].function.name.rpartition(".")[0],
                rows=rows,
            )
        )
    return paired(views)


def paired(views: list[SectionView]) -> list[SectionView]:
    """Put a function of NumPy alone beside the one of PyTorch alone that follows it."""
    found: list[SectionView] = []
    for view in views:
        if found and found[-1].backend == "numpy" and view.backend == "torch":
            found[-1] = replace(found[-1], other=view)
        else:
            found.append(view)
    return found


def shorter(drawn: tuple[Figure, ...]) -> tuple[Figure, ...]:
    """Draw less of what a page shows besides: few panels, and no last digits."""
    return tuple(
        replace(
            each,
            panels=tuple(bare(panel) for panel in each.panels[:FEW_PANELS]),
            cut=each.cut or cut_of(len(each.panels)),
        )
        for each in drawn
    )


def cut_of(n_panels: int) -> tuple[str, ...]:
    """Say that there are more panels than are shown."""
    said = left_out(min(n_panels, FEW_PANELS), n_panels)
    return (said,) if said else ()


def row_view(row: Row, prefix: str, note: str) -> RowView:
    """Prepare one row."""
    anchor = f"{prefix}step-{row.first}"
    drawn = tuple(figures(row))
    if len(row.steps) == 1:
        return RowView(row, anchor, drawn, note)
    codes = {"numpy": row.reference, "torch": row.torch}
    finer = max(codes, key=lambda backend: len(codes[backend]))
    coarser = "torch" if finer == "numpy" else "numpy"
    parts = tuple(
        Part(
            step,
            f"{prefix}step-{step.number}",
            finer,
            tuple(code for code in codes[finer] if code.first == step.number),
        )
        for step in row.steps
    )
    return RowView(row, anchor, drawn, note, parts, coarser, codes[coarser])


def slug(title: str) -> str:
    """Turn a function's name into the start of an anchor.

    >>> slug("CausalAttention.forward")
    'causalattention-forward'
    """
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
