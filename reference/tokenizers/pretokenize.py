r"""Pre-tokenization: cut a text into pre-tokens, which no merge reaches across.

Source: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners",
        section 2.2; the pattern is GPT-2's, from
        https://github.com/openai/gpt-2/blob/master/src/encoder.py. Python's `re` knows
        no \p{L} (letter) and \p{N} (number), so a file lists their code points.
Twin:   torch_impl/tokenizers/pretokenize.py
"""

import re
from pathlib import Path

CLASSES = Path(__file__).with_name("character_classes.txt").read_text("utf-8")
RANGES = [line.split() for line in CLASSES.splitlines() if not line.startswith("#")]
L, N, S = (
    "".join(
        f"\\U{first:0>8}-\\U{last:0>8}" for first, last, kind in RANGES if kind == name
    )
    for name in ("letter", "number", "white_space")
)
GPT2_PATTERN = re.compile(
    rf"'(?:s|t|re|ve|m|ll|d)| ?[{L}]+| ?[{N}]+| ?[^{S}{L}{N}]+|[{S}]+(?![^{S}])|[{S}]+"
)


def pretokenize(text: str) -> list[str]:
    """Cut a text into pre-tokens; a word takes the space before it along.

    >>> pretokenize("It's  5 o'clock")
    ['It', "'s", ' ', ' 5', ' o', "'", 'clock']
    """
    return GPT2_PATTERN.findall(text)
