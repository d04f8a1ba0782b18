"""Which names a piece of source gives a value to, or changes in place."""

import ast
from collections.abc import Iterator

SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def stored_names(tree: ast.AST) -> set[str]:
    """Name what is stored below `tree`, without what belongs to an inner scope.

    >>> sorted(stored_names(ast.parse("x, self.y = f(); z[0] = [a for a in x]")))
    ['self.y', 'x', 'z']
    >>> sorted(stored_names(ast.parse("np.add.at(sums, at, 1); x.fill_(0); f(y)")))
    ['sums', 'x', 'y']
    """
    return {name for node in scope(tree) for name in stores(node)}


def scope(tree: ast.AST) -> Iterator[ast.AST]:
    """Walk a tree, but not into functions, classes and comprehensions in it."""
    yield tree
    if not isinstance(tree, SCOPES + COMPREHENSIONS):
        for child in ast.iter_child_nodes(tree):
            yield from scope(child)


def stores(node: ast.AST) -> list[str]:
    """Name what one node stores: `x = …`, `x[i] = …`, `self.x = …`, `x.fill_(0)`.

    What is returned counts as stored under the name `return`.
    """
    if isinstance(node, ast.Return):
        return ["return"]
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        return changed(node.value)
    if isinstance(node, ast.keyword) and node.arg == "out":
        return name_of(node.value)
    if not isinstance(getattr(node, "ctx", None), ast.Store):
        return []
    return name_of(node.value if isinstance(node, ast.Subscript) else node)


def changed(call: ast.Call) -> list[str]:
    """Name what a call that stands alone may change: its owner, its first argument.

    >>> sorted(stored_names(ast.parse("self.register_buffer('codes', x)")))
    ['self.codes']
    """
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    if ast.unparse(call.func) == "self.register_buffer":
        buffer = call.args[0]
        named = isinstance(buffer, ast.Constant)
        return [f"self.{ast.literal_eval(buffer)}"] if named else []
    return [
        name
        for node in [owner, *call.args[:1]]
        if isinstance(node, ast.Name | ast.Subscript)
        for name in name_of(node.value if isinstance(node, ast.Subscript) else node)
    ]


def name_of(node: ast.AST) -> list[str]:
    """Name a variable, or an attribute of one; a private attribute is no quantity."""
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        if node.attr.startswith("_"):
            return []
        return [f"{node.value.id}.{node.attr}"]
    return []
