"""The source files of both backends, read without importing either."""

import ast
import textwrap
from functools import cache

from diptych.reader.model import Code, Function
from parity_tests.sources.panels import PACKAGES, root, text, tree
from parity_tests.sources.steps import SteppedFunction, stepped_functions

REFERENCE, TORCH = PACKAGES


def has_file(package: str, path: str) -> bool:
    """Whether a package has a file of a pair."""
    return (root(package) / f"{path}.py").is_file()


@cache
def lines_of(package: str, path: str) -> tuple[str, ...]:
    """Read the lines of a source file."""
    return tuple(text(package, f"{path}.py").splitlines())


def cut(
    package: str, path: str, start: int, end: int, first: int = 0, last: int = 0
) -> Code:
    """Cut lines `start` to `end` out of a file, less blank ones around them."""
    lines = lines_of(package, path)
    while start < end and not lines[start - 1].strip():
        start += 1
    while end > start and not lines[end - 1].strip():
        end -= 1
    dedented = textwrap.dedent("\n".join(lines[start - 1 : end]))
    return Code(f"{package}/{path}.py", start, dedented, first, last)


def functions_in(package: str, path: str) -> tuple[SteppedFunction, ...]:
    """List the functions of a file that have numbered steps, if there is the file."""
    if not has_file(package, path):
        return ()
    return stepped_functions(root(package) / f"{path}.py", path.replace("/", "."))


def stepped(package: str, function: Function) -> SteppedFunction | None:
    """Find a function with numbered steps."""
    found = functions_in(package, function.path)
    return next((each for each in found if each.name == function.name), None)


@cache
def definition(package: str, function: Function) -> ast.FunctionDef | None:
    """Find where a function is defined; `forward` may be called `__call__`."""
    if not has_file(package, function.path):
        return None
    node: ast.AST = tree(package, f"{function.path}.py")
    for part in function.title.split("."):
        names = {part, "__call__"} if part == "forward" else {part}
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, ast.FunctionDef | ast.ClassDef):
                continue
            if child.name in names:
                node = child
                break
        else:
            return None
    return node if isinstance(node, ast.FunctionDef) else None


@cache
def loop_variables(function: Function) -> frozenset[str]:
    """Name what only a loop gives values to: the last of them is no quantity.

    >>> training = Function("tokenizers/byte_pair", "BytePairTokenizer.from_texts")
    >>> "pre_token" in loop_variables(training)
    True
    """
    looped, assigned = {"_"}, set()
    for package in PACKAGES:
        node = definition(package, function)
        for part in ast.walk(node) if node else ():
            if isinstance(part, ast.For):
                looped |= names_in(part.target)
            elif isinstance(part, ast.Assign):
                assigned |= {name for each in part.targets for name in names_in(each)}
            elif isinstance(part, ast.AnnAssign | ast.AugAssign):
                assigned |= names_in(part.target)
    return frozenset(looped - (assigned - {"_"}))


def names_in(target: ast.expr) -> set[str]:
    """Name the variables that an assignment gives values to."""
    return {
        part.id
        for part in ast.walk(target)
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
    }


def docstring_of(path: str) -> str:
    """Return the docstring of a reference file."""
    return ast.get_docstring(tree(REFERENCE, f"{path}.py")) or ""


def first_sentence(function: Function) -> str:
    """Return what a function's docstring says first."""
    nodes = (definition(package, function) for package in PACKAGES)
    node = next(filter(None, nodes), None)
    return ((ast.get_docstring(node) if node else None) or "").partition("\n")[0]


def file_of_tests(path: str) -> str:
    """Name the test file of a pair, less package and ending.

    >>> file_of_tests("attention/causal")
    'attention/test_causal'
    """
    folder, _, name = path.rpartition("/")
    return f"{folder}/test_{name}"


def torch_code(path: str) -> Code | None:
    """Say how PyTorch's own is written, of a pair without a file in `torch_impl`.

    It is read from the pair's test file, since importing that imports torch.
    """
    tests = file_of_tests(path)
    if has_file(TORCH, path) or not has_file("parity_tests", tests):
        return None
    for node in ast.walk(tree("parity_tests", f"{tests}.py")):
        if not isinstance(node, ast.keyword) or node.arg != "torch_code":
            continue
        if isinstance(node.value, ast.Constant):
            return Code(f"parity_tests/{tests}.py", node.lineno, str(node.value.value))
    return None
