"""A report in a file says what the terminal says, and marks steps of both panels."""

from html.parser import HTMLParser

import numpy as np
import pytest

from diptych.report import check_suffix, write_report
from parity_tests.catalogue import load
from parity_tests.contract.case import Case
from parity_tests.kit.asking import Request
from parity_tests.kit.verdict import Verdict

PAIR = "attention/multi_head"
ADVERSARIAL = "<script>alert(1)</script> \x1b[31m ```"


@pytest.fixture
def verdict():
    """Make the verdict on an implementation that forgets the output projection."""
    verdict = Verdict(PAIR, "mine:f", 84)
    verdict.first_difference = f"at [0]: expected 1.0, got 2.0 {ADVERSARIAL}"
    verdict.case = Case({"d_in": 2}, {"x": np.ones((1, 3, 2))})
    verdict.expected, verdict.observed = np.zeros(4), np.full(4, 7.0)
    verdict.where, verdict.when = ["only the last token"], ["in each of the 3 cases"]
    verdict.inferred = ["it is `context` of step 8"]
    verdict.nearest = "not a known mistake; nearest: no-scale (explains 3 of 4 cases)"
    verdict.properties = {
        "later tokens do not matter": None,
        "it repeats": "it differs",
    }
    verdict.not_tried = {"dropout": "not declared"}
    verdict.reproduce = "diptych check multi_head --case a.json --impl mine:f"
    return verdict


def written(verdict, path):
    """Write a report, and read it."""
    write_report(path, verdict, Request(load(PAIR), "mine:f", seed=5))
    return path.read_text(encoding="utf-8")


SAID = [
    "mine:f differs from attention/multi_head",
    "84, seed 5",
    "dropout",
    "since not declared",
    "only the last token",
    "in each of the 3 cases",
    "nearest: no-scale",
    "d_in=2",
    "float64 of shape (1, 3, 2)",
    "[7. 7. 7. 7.]",
    "later tokens do not matter",
    "it differs",
    "--case a.json",
    "1. Projections: every token becomes a query, a key and a value.",
    "the output is that of step 8",
    "changed by no-scale",
]


@pytest.mark.parametrize("name", ["report.md", "report.html", "REPORT.HTM"])
def test_all_is_said(verdict, tmp_path, name):
    text = written(verdict, tmp_path / name)

    assert [sentence for sentence in SAID if sentence not in text] == []


def test_two_steps_are_marked(verdict, tmp_path):
    page = written(verdict, tmp_path / "report.html")

    assert page.count('<section class="row marked">') == 2
    assert page.index("changed by no-scale") < page.index("that of step 8")


def test_what_agrees_marks_nothing(tmp_path):
    page = written(Verdict(PAIR, "mine:f"), tmp_path / "report.html")

    assert '<h1 class="good">mine:f agrees with' in page
    assert "row marked" not in page
    assert "Counterexample" not in page


def test_what_code_says_is_text_and_no_markup(verdict, tmp_path):
    page = written(verdict, tmp_path / "report.html")
    text = written(verdict, tmp_path / "report.md")

    assert "<script>" not in page
    assert "\x1b" not in page + text


class Tags(HTMLParser):
    """Follows which elements are open."""

    def __init__(self):
        super().__init__()
        self.open, self.links = [], []

    def handle_starttag(self, tag, attrs):
        """Open an element."""
        self.links += [v for name, v in attrs if name in ("src", "href")]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        """Close the one that is open."""
        assert self.open.pop() == tag


def test_a_page_is_whole_and_needs_no_other_file(verdict, tmp_path):
    tags = Tags()
    tags.feed(written(verdict, tmp_path / "report.html"))

    assert tags.open == tags.links == []
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.parametrize("name", ["report", "report.pdf", "md"])
def test_another_suffix_is_rejected(tmp_path, name):
    with pytest.raises(ValueError, match=rf"a report is \.html or \.md, got {name}"):
        check_suffix(tmp_path / name)


def test_lone_surrogates_can_be_written(verdict, tmp_path):
    verdict.case = Case({}, {"text": "\ud800"})

    assert r"\ud800" in written(verdict, tmp_path / "report.md")
