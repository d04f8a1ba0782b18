"""What a page holds, by its HTML alone: no script has run."""

import os
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from diptych.reader.inputs import Choices
from diptych.reader.model import Code, Row
from diptych.reader.reading import Reading
from diptych.reader.values import read
from diptych.site.build import pages_of
from diptych.site.figures import figures
from diptych.site.known_mistakes import known_mistakes
from diptych.site.outcomes import OFF, draw, marked
from diptych.site.pages import pair_page
from diptych.site.properties import properties, root
from diptych.site.prose import sentence
from diptych.site.runs import offered
from diptych.site.side_pages import mistakes_page
from parity_tests.catalogue import PATHS
from parity_tests.contract.property import sentence_of

OF_A_PAIR = re.compile(rf"(^|/)({'|'.join(PATHS)})(\.[\w-]+)?\.html$|^[\w.-]+\.html$")
MOST_BYTES = 350_000
ADVERSARIAL = '<script>alert(1)</script> "><img src=x> {{7*7}} \u202egnp.exe a\x00b'


class Outline(HTMLParser):
    """Collects the ids, the links and what is loaded, of a page."""

    def __init__(self, text: str):
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        found = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found["href"]] if tag == "a" else []
        self.loaded += [found[n] for n in ("src", "href") if n in found and tag != "a"]


@pytest.fixture(scope="module")
def causal() -> Reading:
    return read("attention/causal")


@pytest.mark.parametrize("path", PATHS)
def test_every_run_of_every_pair_is_a_page_of_modest_size(path: str) -> None:
    for name, content in pages_of(read(path)):
        outline = Outline(content)

        assert len(content.encode()) <= MOST_BYTES, name
        assert len(set(outline.ids)) == len(outline.ids), name


def test_links_of_the_site_lead_somewhere(site: Path) -> None:
    outlines = {page: Outline(page.read_text("utf-8")) for page in site.rglob("*.html")}
    lost = []
    for page, outline in outlines.items():
        for link in {*outline.links, *outline.loaded}:
            file, _, anchor = link.partition("#")
            target = Path(os.path.normpath(page.parent / file)) if file else page
            if "://" in link or (OF_A_PAIR.search(link) and not target.exists()):
                continue  # elsewhere, or one of the pairs that this small site lacks
            if not target.exists() or (anchor and anchor not in outlines[target].ids):
                lost.append((page.name, link))

    assert lost == []


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        outline = Outline(page.read_text(encoding="utf-8"))

        assert not [each for each in outline.loaded if "//" in each]


def test_the_policy_forbids_other_origins_and_inline_scripts(causal: Reading) -> None:
    content = pair_page(causal, None)

    assert "default-src &#39;none&#39;" in content
    assert "unsafe" not in content
    assert not re.search(r"<[^>]+\s(style|on\w+)=", content)


def test_adversarial_text_is_shown_as_text() -> None:
    reading = read("attention/causal", Choices(ADVERSARIAL))

    content = pair_page(reading, None, live=True)

    assert "<script>alert" not in content
    assert "<img" not in content
    assert "&lt;U+202E&gt;gnp.exe" in content
    assert "\u202e" not in re.sub(r'value="[^"]*"', "", content)
    assert "49" not in re.findall(r'class="token">([^<]*)<', content)


def test_a_closed_summary_says_the_shapes_of_its_own_values() -> None:
    content = pair_page(read("attention/causal", Choices("a b c d e f g")), None)

    briefs = re.findall(r'class="brief">(.*?)</summary>', content, re.DOTALL)

    assert any("T\xa07\xa0×\xa0T\xa07" in brief for brief in briefs)
    assert "T\xa06" not in content


def test_both_constructors_stand_in_row_zero(causal: Reading) -> None:
    row_zero = pair_page(causal, None).split('id="step-1"')[0]

    assert row_zero.count("__init__") >= 2
    assert "nn.Linear" in row_zero


def test_no_zero_is_negative_and_a_boolean_is_no_number(causal: Reading) -> None:
    drawn = [figure for row in causal.sections[0].rows for figure in figures(row)]
    cells = [
        cell.text
        for figure in drawn
        for panel in figure.panels
        if panel.table
        for _, row in panel.table.rows
        for cell in row
    ]
    mask = next(figure for figure in drawn if figure.name == "causal_mask")

    assert not {"-0.00", "−0.00"} & set(cells)
    assert mask.panels[0].table
    assert mask.panels[0].table.rows[0][1][0].text == "■"


def test_heads_of_rows_and_columns_are_the_tokens(causal: Reading) -> None:
    drawn = figures(causal.sections[0].rows[2])
    scores = next(f for f in drawn if f.name == "attn_scores")
    table = scores.panels[0].table
    assert table
    assert causal.input

    assert table.heads == causal.input.tokens
    assert tuple(label for label, _ in table.rows) == causal.input.tokens


def test_every_property_is_where_its_link_leads() -> None:
    for path in PATHS:
        for each in properties(path):
            lines = (root() / each.file).read_text(encoding="utf-8").splitlines()
            name = re.search(r"def (\w+)", lines[each.line - 1])

            assert name
            assert each.sentence == sentence(sentence_of(name[1]))
            assert each.why.endswith((".", ":"))


def test_every_pair_offers_a_first_run() -> None:
    for path in PATHS:
        slugs = [run.slug for run in offered(path)]

        assert slugs[0] == ""
        assert len(set(slugs)) == len(slugs)


def test_each_mistake_is_beside_what_is_right(causal: Reading) -> None:
    shown = known_mistakes(causal.path)
    content = mistakes_page(causal)

    assert content.count("<article") == len(shown) > 0
    assert all(each.name in Outline(content).ids for each in shown)
    assert any(each.drawing for each in shown)
    assert OFF in content


def test_a_mistake_says_where_it_was_seen_or_that_it_is_constructed(
    causal: Reading,
) -> None:
    shown = known_mistakes(causal.path)
    content = mistakes_page(causal)
    n_seen = sum(bool(each.links) for each in shown)

    assert f"{n_seen} seen in other people’s code" in content
    assert content.count("Constructed.") == len(shown) - n_seen
    assert content.count("Seen in") == n_seen > 0


def test_a_mistake_of_backward_shows_a_wrong_gradient(causal: Reading) -> None:
    of_gradients = "comparing gradients with autograd’s"
    shown = [e for e in known_mistakes(causal.path) if e.caught == of_gradients]
    drawn = [each for each in shown if each.instead_of is not None]

    assert len(drawn) > len(shown) / 2
    for each in drawn:
        assert each.drawing != each.instead_of
        assert re.fullmatch(
            r"On the run “.*” the gradient of `.*` becomes", each.effect
        )
    assert "Some are in the backward pass" in mistakes_page(causal)


def test_a_mistake_is_marked_where_it_can_be_seen() -> None:
    right, wrong = (draw(np.array(row), ()) for row in ([1.0, 2.0], [1.0, 3.0]))

    cells = [cell for _, cell in marked(wrong, right)[0].strip]

    assert [OFF in cell.kind for cell in cells] == [False, True]


def test_a_fused_call_stands_beside_the_steps_that_it_does(causal: Reading) -> None:
    setup, first, *several, last = causal.sections[0].rows
    call = Code("torch_impl/attention/causal.py", 77, "one_call_for_all()", 2, 5)
    fused = Row(
        tuple(row.steps[0] for row in several),
        tuple(code for row in several for code in row.reference),
        (call,),
        tuple(run for row in several for run in row.runs),
    )
    section = replace(causal.sections[0], rows=(setup, first, fused, last))

    content = pair_page(replace(causal, sections=(section,)), None)

    assert content.count("one_call_for_all") == 1
    assert "One call for steps 2 to 5" in content
    assert {f"step-{number}" for number in range(7)} <= set(Outline(content).ids)
