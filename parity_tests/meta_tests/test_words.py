"""The words are those of the field's books and papers, one word for one thing.

On the left is what no file says, on the right what it says instead.
"""

import re
from functools import cache
from pathlib import Path

import pytest

from parity_tests.sources.panels import root

WORDS = {
    r"spared|raise_by": "keep, keep_scale, dropped_weights",
    r"(?:highest|visible) = ": "row_max, causal_mask",
    r"span_places|ROUNDS_LIKE": "ragged ranges",
    r"kept(?:\.\w|\(| = )": "a name such as dropped_weights",
    r"_made|recalled": "the tape: save, restore",
    r"dotted\(": "the names of state_dict",
    r"way back|there and back|go(?:es|ing)? backwards": "backward pass",
    r"truth values?": "booleans",
    r"whole numbers?": "integers",
    r"in one row": "one-dimensional",
    r"refus\w*": "check, reject, rejection",
    r"byte_words|split_words": "pre-tokens, pretokenize",
    r"commonest": "most frequent",
    r"spelling|spell(?:s|ed)? words|Lexicon": "packed words, word table",
    r"soonest|grown_(?:left|right)": "earliest_rank, left_extension_rank",
    r"TwoTrains|two_trains": "from_text, from_texts",
    r"_describe|write_whole": "to_dict, atomic write",
    r"laws?": "property",
    r"(?:held|hold|holds|holding) (?:\w+ )?against": "compared with",
    r"yardsticks?|honest rounding": "rounding unit, expected rounding error",
    r"equal evaluations?": "equivalent evaluations",
    r"(?<!attention )score (?:≤|<=|inf|\d)|\.score": "error",
    r"depart(?:s|ed|ure|ures)?": "differs, first difference",
    r"(?:told|tell|tells) apart": "distinguish, differs",
    r"runs? it again|rerun": "reproduce with",
    r"smallest input(?: that)? it found": "minimal counterexample",
    r"concepts?": "pair",
    r"museum|exhibits?": "known mistakes",
    r"plug[-_]ins?|code that is not ours": "implementation under test, adapter",
    r"alike": "equal, similar",
    r"hostile": "adversarial",
    r"in 32 bits": "float32",
    r"ladders?|climbs?": "merge steps, round",
    r"proofs?": "tests",
    r"both sides|(?:numpy|torch|pytorch|reference) sides?": "backend",
    r"finite_difference|curvature": "one measure of rounding",
}
OF_TOKENIZERS = {r"symbols?|neighbou?rs?": "token, adjacent pair"}
ALLOWED = {  # where a word has another meaning: the file, and a part of its line
    "diptych/pytest_plugin.py": ("plug-in", "plugin"),
    "pyproject.toml": ("plugin",),
}
SUFFIXES = {".py", ".md", ".toml", ".html", ".css", ".js", ".yml", ".yaml"}
FOLDERS = ("reference", "torch_impl", "parity_tests", "diptych", "benchmarks", "docs")
NOT_OURS = {"vendor", "node_modules", "__pycache__", Path(__file__).name}
TOP = root("parity_tests").parent


def public_files():
    """List the files that people read: sources, documents, notes and templates."""
    inside = [path for name in FOLDERS for path in (TOP / name).rglob("*")]
    found = {*inside, *TOP.glob("*.md"), *TOP.glob("*.toml"), TOP / "Makefile"}
    return [
        path.relative_to(TOP)
        for path in sorted(found)
        if path.suffix in SUFFIXES or path.name == "Makefile"
        if not {*path.parts} & NOT_OURS
    ]


def hits(line, words=WORDS):
    """Name the words of the left column that a line has, and their right column.

    `old_words` is searched as it is, and as if it were "old words".
    """
    return [
        f"{found[0]!r}, say {instead}"
        for word, instead in words.items()
        if (found := pattern_of(word).search(f"{line} {line.replace('_', ' ')}"))
    ]


@cache
def pattern_of(word):
    """Compile a pattern for whole words."""
    return re.compile(rf"(?<![A-Za-z])(?:{word})(?![a-z])", re.IGNORECASE)


@pytest.mark.parametrize("path", public_files(), ids=str)
def test_a_file_uses_the_words_of_the_field(path):
    allowed = ALLOWED.get(path.as_posix(), ())
    words = WORDS | OF_TOKENIZERS if "tokenizers" in path.parts else WORDS
    lines = (TOP / path).read_text("utf-8").splitlines()
    found = [
        f"line {number}: {hit}"
        for number, line in enumerate(lines, start=1)
        if not any(part in line for part in allowed)
        for hit in hits(line, words)
    ]

    assert found == []


def test_a_word_of_the_left_column_is_found_and_a_right_one_passes():
    for line in [
        "the bound is a yardstick",
        "def refuse_sizes(**sizes):",
        "laws = ()",
        "Whole numbers must be equal",
        "score ≤ 8 (ours)",
        "def test_both_sides_agree():",
        "self._made = {}",
    ]:
        assert hits(line), line
    for line in [
        "attention scores 1 and 2",
        "two panels side by side",
        "lawful, department, plugin, either side of a pre-token",
        "every attn_score is zero",
    ]:
        assert not hits(line), line
