"""The merge ladder and the tokens of a text, as lines for a terminal."""

from collections import Counter
from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.text import Text

from diptych.reader.cells import side_by_side
from diptych.reader.fold import folded
from diptych.reader.ladder import Ladder, Merge, Rung, Token, split_characters
from diptych.reader.visible import visible, visible_bytes

BETWEEN, APART, INDENT = "│", "   ", "  "
NUMBER = 4  # the width of a pass's number


def byte_pair_lines(
    learned: Sequence[Merge],
    ladders: Sequence[Ladder],
    tokens: Sequence[Token],
    width: int,
) -> list[Text]:
    """Draw what was learned, how each word grew, and what the text came to."""
    inner = width - len(INDENT)
    grown = [line for ladder in ladders for line in ladder_lines(ladder, inner)]
    lines: list[Text] = []
    for heading, part in (
        ("Learned: the commonest pair, one line a pass", learned_lines(learned, inner)),
        ("Merge ladder: from bytes to tokens, one line a pass", grown),
        ("Tokens: text, id, bytes", token_lines(tokens, inner)),
    ):
        if part:
            lines += [Text(heading, "bold")]
            lines += [Text.assemble(INDENT if each else "", each) for each in part]
            lines += [Text()]
    return lines


def ladder_lines(ladder: Ladder, width: int) -> list[Text]:
    """Draw how a word grows: one line a pass, what it merged in brackets."""
    times = f"  ×{ladder.count}" if ladder.count > 1 else ""
    first = ladder.rungs[0].tokens
    alone = f"  one byte, id {first[0].id}" if len(first) == 1 else ""
    lines = [Text.assemble((visible_bytes(ladder.word), "bold"), times, alone)]
    if alone:
        return lines
    drawn = [symbols(rung) for rung in ladder.rungs]
    stub = max(sum(part.cell_len for part in parts) for parts in drawn)
    for rung, parts in zip(ladder.rungs, drawn, strict=True):
        said = counted(told(merge, rung) for merge in rung.merges)
        together = " · ".join(said)
        start = f"{rung.turn:>{NUMBER}}{INDENT}"
        row = Text.assemble(start, *parts)
        whole = len(start) + stub + len(APART) + cell_len(together)
        if whole <= width:
            gap = " " * (len(start) + stub - row.cell_len) + APART if said else ""
            lines.append(Text.assemble(row, gap, together))
        else:
            lines += packed(start, parts, width)
            for each in said:
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


def symbols(rung: Rung) -> list[Text]:
    """Draw the tokens of a word; those that the pass made stand in brackets."""
    merged = {merge.place for merge in rung.merges}
    parts = []
    for place, token in enumerate(rung.tokens):
        said = visible_bytes(token.data)
        drawn = (f"[{said}]", "bold green") if place in merged else said
        is_last = place == len(rung.tokens) - 1
        parts.append(Text.assemble(drawn, ("" if is_last else BETWEEN, "dim")))
    return parts


def counted(said: Iterable[str]) -> list[str]:
    """Say once what is said several times, and how often.

    >>> counted(["a + b", "c + d", "a + b"])
    ['a + b ×2', 'c + d']
    """
    times = Counter(said)
    return [f"{each} ×{n}" if n > 1 else each for each, n in times.items()]


def told(merge: Merge, rung: Rung) -> str:
    """Say what was merged, at what rank, and what id it has."""
    left, right = visible_bytes(merge.left.data), visible_bytes(merge.right.data)
    return f"{left} + {right} rank {merge.rank:,} → id {rung.tokens[merge.place].id}"


def learned_lines(merges: Sequence[Merge], width: int) -> list[Text]:
    """Draw what was learned: one line a pass, the commonest pair of that moment."""
    lines = []
    for merge in merges:
        parts = [visible_bytes(part.data) for part in (merge.left, merge.right)]
        whole = visible_bytes(merge.left.data + merge.right.data)
        said = f"{' + '.join(parts)} → {whole}{APART}id {256 + merge.rank}"
        lines += folded(Text(f"{merge.rank:>{NUMBER}}{INDENT}{said}"), width)
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
