"""Which lines of a function belong to which of its step comments."""

import ast
from collections.abc import Iterator

OUTSIDE = -1  # the place of a line that belongs to no step


def parts(
    block: list[ast.stmt], above: int, starts: list[int]
) -> Iterator[tuple[ast.AST, range, int]]:
    """Yield each statement, or each part of its head, with its lines and its step."""
    place = OUTSIDE
    for node in block:
        before = [i for i, line in enumerate(starts) if above < line < node.lineno]
        place = before[-1] if before else place
        above = max(span(node))
        inner = list(blocks(node))
        if not inner or not any(line in span(node) for line in starts):
            yield node, span(node), place
            continue
        head = range(node.lineno, inner[0][0].lineno)
        for part in ast.iter_child_nodes(node):  # targets, conditions
            if not isinstance(part, ast.stmt | ast.ExceptHandler | ast.match_case):
                yield part, head, place if before else OUTSIDE
        behind = [node.lineno, *(max(span(body[-1])) for body in inner[:-1])]
        for line, body in zip(behind, inner, strict=True):
            yield from parts(body, line, starts)
        place = OUTSIDE


def blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """Yield the blocks of a compound statement: body, else, handlers, finally."""
    for _, value in ast.iter_fields(node):
        if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
            yield value
        elif isinstance(value, list):
            for entry in value:
                if isinstance(entry, ast.ExceptHandler | ast.match_case):
                    yield entry.body


def span(node: ast.stmt) -> range:
    """Return the lines of a statement."""
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)
