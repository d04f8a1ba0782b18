"""The report of mutation testing shows every survivor and believes no stale reason."""

import json
import re
from pathlib import Path

import pytest

from parity_tests.mutation.mutants import Change, Mutant, read_mutants
from parity_tests.mutation.report import render, sentence, summarize
from parity_tests.mutation.rules import RULES, is_equivalent, read_equivalents

MUTATED = """
def x_half__mutmut_orig(number: int):
    whole = number // 2
    return whole

def x_half__mutmut_1(number: int):
    whole = number / 2
    return whole

def x_half__mutmut_2(number: int):
    whole = number // 3
    return whole

class Box:
    def xǁBoxǁopen__mutmut_orig(self):
        return self.lid(
            True,
        )

    def xǁBoxǁopen__mutmut_1(self):
        return self.lid(
            False,
        )
"""
ENDINGS = {
    "package.things.x_half__mutmut_1": 1,
    "package.things.x_half__mutmut_2": 0,
    "package.things.xǁBoxǁopen__mutmut_1": None,
}
DOUBLED = Change("package/a.py", "f", "return 2 * x", "return 2 / x")
LINES = (
    'text.encode("utf-8")',
    'self.register_buffer("mask", mask, persistent=None)',
    "for a, b in zip(left, right, strict=True):",
    "rows = x.reshape(-1, x.shape[-1])",
    "return self.to(np.float64)",
    "target.with_name(secrets.token_hex(4))",
    "keep = self.rng.random(x.shape) >= p if p > 0 else np.True_",
    "keep_scale = 1 / (1 - p) if p < 1 else 0.0",
    "hashes.sort(stable=True)",
    "odd = (order + run) % 2",
    "call(a, )",
)
RENAMED = Change("package/a.py", "f", 't.encode("utf-8")', 't.encode("UTF-8")')
ZEROED = Change("package/b.py", "g", "x = 1", "x = None")


def test_a_mutant_is_read_as_the_lines_that_differ(tmp_path):
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "things.py").write_text(MUTATED, encoding="utf-8")
    endings = json.dumps({"exit_code_by_key": ENDINGS})
    (folder / "things.py.meta").write_text(endings, encoding="utf-8")
    file, whole = "package/things.py", "whole = number // 2"

    assert read_mutants(tmp_path) == [
        Mutant(Change(file, "half", whole, "whole = number / 2"), "killed"),
        Mutant(Change(file, "half", whole, "whole = number // 3"), "survived"),
        Mutant(Change(file, "Box.open", "True,", "False,"), "untried"),
    ]


def test_a_survivor_without_a_reason_is_shown_and_is_bad():
    report = summarize([Mutant(DOUBLED, "survived"), Mutant(ZEROED, "killed")], [])

    assert not report.good
    assert report.survivors == [DOUBLED]
    assert "package/a.py: f\n  - return 2 * x\n  + return 2 / x" in render(report)


def test_a_survivor_with_a_reason_counts_as_equivalent():
    mutants = [Mutant(DOUBLED, "survived"), Mutant(ZEROED, "timeout")]
    report = summarize(mutants, [DOUBLED])

    assert report.good
    assert sentence(report.total) == (
        "Of 2 changes 1 are equivalent; of the 1 others 1 are rejected: 100 %."
    )


def test_a_survivor_that_a_rule_names_counts_as_equivalent():
    assert summarize([Mutant(RENAMED, "survived")], []).good
    rejected = summarize([Mutant(RENAMED, "killed")], [])
    assert rejected.total == {"mutants": 1, "killed": 1}


@pytest.mark.parametrize(
    ("mutants", "listed"),
    [
        pytest.param([Mutant(DOUBLED, "killed")], DOUBLED, id="rejected"),
        pytest.param([], DOUBLED, id="gone"),
        pytest.param([Mutant(RENAMED, "survived")], RENAMED, id="named by a rule"),
    ],
)
def test_a_reason_for_what_needs_none_is_bad(mutants, listed):
    report = summarize(mutants, [listed])

    assert not report.good
    assert report.stale == [listed]
    assert "rejected, named by a rule, or gone" in render(report)


EXCUSED = [
    ("x.reshape(-1, x.shape[-1])", "x.reshape(-2, x.shape[-1])"),
    ("for a, b in zip(p, q, strict=True):", "for a, b in zip(p, q, ):"),
    ("for a, b in zip(p, q, strict=True):", "for a, b in zip(p, q, strict=None):"),
    ("buffer(mask, persistent=False)", "buffer(mask, persistent=None)"),
    ("random(s) >= p if p > 0 else np.True_", "random(s) > p if p > 0 else np.True_"),
    ("keep = draw if p > 0 else np.True_", "keep = draw if p >= 0 else np.True_"),
    ("= 1 / (1 - p) if p < 1 else 0.0", "= 1 / (1 - p) if p < 1 else 1.0"),
]
NOT_EXCUSED = [
    ("x = 1", "x = None"),
    ("return a @ b.mT", "return a + b.mT"),
    ("keep = rng.random(shape) >= p", "keep = rng.random(shape) < p"),
    ("x.sum(axis=-1, keepdims=True)", "x.sum(axis=-1, keepdims=False)"),
    ("x.reshape(-1, 3)", "x.reshape(-1, 4)"),
    ("if p > 0 else np.True_", "if (p > 0) and False else np.True_"),
    ('"utf-8"', '"XXutf-8XX"'),
    ("(a + b) % 2", "(a * b) % 2"),
]


@pytest.mark.parametrize(("was", "now"), EXCUSED + NOT_EXCUSED)
def test_rules_excuse_a_change_that_nobody_can_see_and_no_other(was, now):
    assert is_equivalent(was, now) == ((was, now) in EXCUSED)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.reason)
def test_a_rule_has_a_reason_and_rewrites_to_what_it_leaves_alone(rule):
    assert rule.reason.endswith(".")
    for line in LINES:
        once = re.sub(rule.pattern, rule.instead, line)
        assert re.sub(rule.pattern, rule.instead, once) == once
    assert any(re.search(rule.pattern, line) for line in LINES)


def test_a_change_that_was_not_tried_is_bad():
    report = summarize([Mutant(DOUBLED, "untried")], [DOUBLED])

    assert not report.good
    assert report.stale == []


def test_every_folder_has_a_row_and_the_last_one_is_their_sum():
    other = Change("other/c.py", "h", "a + b", "a - b")
    mutants = [Mutant(DOUBLED, "killed"), Mutant(other, "survived")]
    report = summarize(mutants, [other])
    rows = [row.split()[:2] for row in render(report).splitlines()[1:4]]

    assert rows == [["package", "1"], ["other", "1"], ["all", "2"]]
    assert report.total == {"mutants": 2, "killed": 1, "equivalent": 1}


def test_every_listed_change_is_one_of_the_code_as_it_stands():
    for change in read_equivalents():
        path = Path(__file__).parents[2] / change.file
        source = " ".join(path.read_text(encoding="utf-8").split())

        assert " ".join(change.was.split()) in source


@pytest.mark.parametrize(
    ("reason", "times", "message"),
    [("", 1, "a reason is missing"), ("It is faster.", 2, "listed twice")],
)
def test_a_list_excuses_nothing_without_a_reason_and_nothing_twice(
    tmp_path, reason, times, message
):
    changes = [["package/a.py", "f", "return 2 * x", "return 2 / x"]] * times
    path = tmp_path / "equivalents.toml"
    text = f"[[equivalent]]\nreason = '{reason}'\nchanges = {changes}"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ValueError, match=message):
        read_equivalents(path)
