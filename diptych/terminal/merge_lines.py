"""Merge steps and the tokens of a text, as lines for a terminal."""

from collections import Counter
from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.text import Text

from diptych.reader.merge_steps import (
    Merge,
    MergeStep,
    MergeSteps,
    Token,
    split_characters,
)
from diptych.reader.visible import visible, visible_bytes
from diptych.terminal.blocks import side_by_side
from diptych.terminal.fold import folded

BETWEEN, APART, INDENT = "│", "   ", "  "
NUMBER = 4  # the width of a round's number


def merge_lines(
    learned: Sequence[Merge],
    found: Sequence[MergeSteps],
    tokens: Sequence[Token],
    width: int,
) -> list[Text]:
    """Draw what was learned, how each pre-token grew, and what the text came to."""
    inner = width - len(INDENT)
    grown = [line for each in found for line in step_lines(each, inner)]
    lines: list[Text] = []
    for heading, part in (
        (
            "Learned: the most frequent pair of each round",
            learned_lines(learned, inner),
        ),
        ("Merge steps: from bytes to tokens, the lowest rank first", grown),
        ("Tokens: text, id, bytes", token_lines(tokens, inner)),
    ):
        if part:
            lines += [Text(heading, "bold")]
            lines += [Text.assemble(INDENT if each else "", each) for each in part]
            lines += [Text()]
    return lines


def step_lines(found: MergeSteps, width: int) -> list[Text]:
    """Draw how a pre-token grows: one line a round, what it merged in brackets."""
    first = found.steps[0].tokens
    alone = f"  one byte, id {first[0].id}" if len(first) == 1 else ""
    lines = [Text.assemble((visible_bytes(found.pre_token), "bold"), alone)]
    if alone:
        return lines
    drawn = [tokens_of(step) for step in found.steps]
    stub = max(sum(part.cell_len for part in parts) for parts in drawn)
    for step, parts in zip(found.steps, drawn, strict=True):
        words = counted(in_words(merge, step) for merge in step.merges)
        together = " · ".join(words)
        start = f"{step.turn:>{NUMBER}}{INDENT}"
        row = Text.assemble(start, *parts)
        whole = len(start) + stub + len(APART) + cell_len(together)
        if whole <= width:
            gap = " " * (len(start) + stub - row.cell_len) + APART if words else ""
            lines.append(Text.assemble(row, gap, together))
        else:
            lines += packed(start, parts, width)
            for each in words:
                lines += folded(Text(f"{' ' * (NUMBER + 4)}{each}"), width)
    return lines


def packed(start: str, parts: list[Text], width: int) -> list[Text]:
    """Lay tokens into lines; only a token that is wider than a line is folded."""
    lines = [Text(start)]
    for part in parts:
        if lines[-1].cell_len + part.cell_len > width and len(lines[-1]) > len(start):
            lines.append(Text(" " * len(start)))
        lines[-1].append_text(part)
    return [part for line in lines for part in folded(line, width)]


def tokens_of(step: MergeStep) -> list[Text]:
    """Draw the tokens of a pre-token; those that the round made are in brackets."""
    merged = {merge.index for merge in step.merges}
    parts = []
    for index, token in enumerate(step.tokens):
        text = visible_bytes(token.data)
        drawn = (f"[{text}]", "bold green") if index in merged else text
        is_last = index == len(step.tokens) - 1
        parts.append(Text.assemble(drawn, ("" if is_last else BETWEEN, "dim")))
    return parts


def counted(words: Iterable[str]) -> list[str]:
    """Say once what comes several times, and how often.

    >>> counted(["a + b", "c + d", "a + b"])
    ['a + b ×2', 'c + d']
    """
    times = Counter(words)
    return [f"{each} ×{n}" if n > 1 else each for each, n in times.items()]


def in_words(merge: Merge, step: MergeStep) -> str:
    """Say what was merged, at what rank, and what id it has."""
    left, right = visible_bytes(merge.left.data), visible_bytes(merge.right.data)
    return f"{left} + {right} rank {merge.rank:,} → id {step.tokens[merge.index].id}"


def learned_lines(merges: Sequence[Merge], width: int) -> list[Text]:
    """Draw what was learned: one line a round."""
    lines = []
    for merge in merges:
        parts = [visible_bytes(part.data) for part in (merge.left, merge.right)]
        whole = visible_bytes(merge.left.data + merge.right.data)
        drawn = f"{' + '.join(parts)} → {whole}{APART}id {256 + merge.rank}"
        lines += folded(Text(f"{merge.rank:>{NUMBER}}{INDENT}{drawn}"), width)
    return lines


def token_lines(tokens: Sequence[Token], width: int) -> list[Text]:
    """Draw the tokens of a text: each as text, id and bytes.

    A token that holds only a part of a character says of which.
    """
    blocks = []
    for token, whole in zip(tokens, split_characters(tokens), strict=True):
        block = [
            Text(visible_bytes(token.data), "bold"),
            Text(str(token.id)),
            Text(token.data.hex(" ").upper(), "dim"),
        ]
        if whole:
            block.append(Text(f"part of {visible(whole)}", "italic"))
        blocks.append([part for line in block for part in folded(line, width)])
    return side_by_side(blocks, width)
