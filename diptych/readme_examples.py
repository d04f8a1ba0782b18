"""The generated part that shows how other people's code is checked."""

import ast
from textwrap import dedent

from parity_tests.sources.panels import text, tree

EXAMPLES = {
    "multihead": "<code>nn.MultiheadAttention</code>",
    "fused_module": "<code>F.scaled_dot_product_attention</code> and its gradients",
    "gpt2": "The attention of transformers' GPT-2",
    "tiktoken_bpe": "tiktoken",
}


def examples(top: str = "") -> str:
    """Fold one example under each name: the command that checks it, and its code."""
    return "\n".join(folded(name, title) for name, title in EXAMPLES.items())


def folded(name: str, title: str) -> str:
    """Show an example's own words, command and code, once its title is opened."""
    path = f"kit/examples/{name}.py"
    docstring = ast.get_docstring(tree("parity_tests", path)) or ""
    first, _, more = docstring.partition("\n")
    command = next(part for part in more.split("\n\n") if "diptych check" in part)
    words = more.replace(command, "").strip()
    return "\n\n".join(
        [
            f"<details><summary>{title}</summary>",
            words or first,
            f"```sh\n{dedent(command).strip()}\n```",
            f"```python\n{code(path)}\n```",
            "</details>",
        ]
    )


def code(path: str) -> str:
    """Return a source without its docstring."""
    source = text("parity_tests", path)
    end = tree("parity_tests", path).body[0].end_lineno or 0
    return "\n".join(source.splitlines()[end:]).strip()
