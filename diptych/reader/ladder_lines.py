"""The merge ladder and the tokens of a text, as lines for a terminal."""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text

from diptych.reader.cells import side_by_side
from diptych.reader.fold import folded
from diptych.reader.ladder import Ladder, Merge, Rung, Token, split_characters
from diptych.reader.visible import visible, visible_bytes

BETWEEN, APART = "│", "   "


def ladder_lines(ladder: Ladder, width: int) -> list[Text]:
    """Draw how a word grows: one line a pass, what it merged in brackets."""
    times = f"  ×{ladder.count}" if ladder.count > 1 else ""
    first = ladder.rungs[0].tokens
    alone = f"  one byte, id {first[0].id}" if len(first) == 1 else ""
    lines = [Text.assemble((visible_bytes(ladder.word), "bold"), times, alone)]
    if alone:
        return lines
    drawn = [symbols(rung) for rung in ladder.rungs]
    stub = max(line.cell_len for line in drawn)
    for rung, line in zip(ladder.rungs, drawn, strict=True):
        start = Text(f"{rung.turn:>4}  ")
        said = [told(merge, rung) for merge in rung.merges]
        together = " · ".join(said)
        if start.cell_len + stub + len(APART) + cell_len(together) <= width:
            gap = " " * (stub - line.cell_len) + APART if together else ""
            lines.append(Text.assemble(start, line, gap, together))
        else:
            lines += folded(Text.assemble(start, line), width)
            lines += [Text(f"        {each}") for each in said]
    return lines


def symbols(rung: Rung) -> Text:
    """Draw the tokens of a word; those that the pass made stand in brackets."""
    merged = {merge.place for merge in rung.merges}
    line = Text()
    for place, token in enumerate(rung.tokens):
        line.append(BETWEEN if place else "", "dim")
        said = visible_bytes(token.data)
        if place in merged:
            line.append(f"[{said}]", "bold green")
        else:
            line.append(said)
    return line


def told(merge: Merge, rung: Rung) -> str:
    """Say what was merged, at what rank, and what id it has."""
    left, right = visible_bytes(merge.left.data), visible_bytes(merge.right.data)
    return f"{left} + {right} rank {merge.rank:,} → id {rung.tokens[merge.place].id}"


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
