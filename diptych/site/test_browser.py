"""The pages in a real browser: layout, contrast, keys, print, no script."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from parity_tests.catalogue import PATHS

NARROW, USUAL, WIDE = 390, 1440, 2560
CAUSAL = "attention/causal.html"
HEADS = "attention/multi_head.html"
PAGES = (
    "index.html",
    CAUSAL,
    "tokenizers/character.html",
    "attention/causal.known-mistakes.html",
)

CONTRASTS = """() => {
  const parse = (text) => {
    const context = document.createElement("canvas").getContext("2d");
    context.fillStyle = text; context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data];
  };
  const known = new Map();
  const rgba = (text) => known.get(text)
    ?? known.set(text, parse(text)).get(text);
  const light = (c) => c.slice(0, 3).map((v) => v / 255)
    .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = rgba(getComputedStyle(e).backgroundColor);
      if (colour[3] > 0) return colour;
    }
    return [255, 255, 255, 255];
  };
  const weak = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
    if (element.closest("script, .unseen, .skip, annotation")) continue;
    const pair = [light(rgba(getComputedStyle(element).color)), light(ground(element))];
    const ratio = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
    if (ratio < 4.5)
      weak.add(`${walker.currentNode.data.trim().slice(0, 20)} ${ratio.toFixed(2)}`);
  }
  return [...weak];
}"""


def wide(view: Any) -> tuple[int, int]:
    """Return the width of the content, and of the window."""
    found = view.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    return found[0], found[1]


def numbers(text: str) -> list[str]:
    """Find the numbers with two decimals, whatever minus sign they have."""
    return re.findall(r"-?\d+\.\d\d\b", text.replace("−", "-"))


def longest_line(page: Path) -> int:
    """Count the characters of the longest line of a source, markup included."""
    return max(map(len, page.read_text(encoding="utf-8").splitlines()))


def windows(site: Path, pair: str) -> Iterator[tuple[Path, tuple[int, ...]]]:
    """Yield each page of a pair, or of no pair, with the widths that it is looked at.

    A page that fits a usual window overflows a wide one only by the layout of wide
    windows, which the pages of one kind share. Sources differ in their lines alone.
    """
    for page in sorted(site.rglob("*.html")):
        name = page.relative_to(site).as_posix()
        is_first = page.name.count(".") == 1  # of several on one pair
        if pair_of(name) == pair and not name.startswith("source/"):
            yield page, (NARROW, USUAL, WIDE) if is_first else (NARROW, USUAL)
    if not pair:
        yield max((site / "source").rglob("*.html"), key=longest_line), (NARROW, USUAL)


def pair_of(name: str) -> str:
    """Return the pair that a page is of, or nothing."""
    path = name.partition(".")[0]
    return path if path in PATHS else ""


@pytest.mark.parametrize("pair", [*PATHS, ""], ids=lambda pair: pair or "no pair")
def test_no_page_is_wider_than_the_window(
    whole_site: Path, view: Any, pair: str
) -> None:
    too_wide, n_pages = [], 0
    for page, widths in windows(whole_site, pair):
        n_pages += 1
        name = page.relative_to(whole_site).as_posix()
        view.goto(page.as_uri())
        for width in widths:
            view.set_viewport_size({"width": width, "height": 900})
            content, window = wide(view)
            if content > window:
                too_wide.append((name, width, content))

    assert n_pages > 0
    assert too_wide == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_has_contrast(site: Path, view: Any, theme: str) -> None:
    view.emulate_media(color_scheme=theme)
    for page in PAGES:
        view.goto((site / page).as_uri())

        assert view.evaluate(CONTRASTS) == [], page


def test_nothing_is_asked_of_another_origin(site: Path, served: str, view: Any) -> None:
    asked: list[str] = []
    view.on("request", lambda request: asked.append(request.url))

    for page in PAGES:
        view.goto((site / page).as_uri())
        view.goto(served + page)
    view.wait_for_timeout(200)

    folder = site.as_uri()
    assert [url for url in asked if not url.startswith((folder, served))] == []


def test_formulas_are_drawn(site: Path, view: Any) -> None:
    view.goto((site / CAUSAL).as_uri())

    assert (
        view.locator(".formula").count() == view.locator(".formula .katex").count() > 4
    )


def test_panels_of_a_pair_are_equally_tall(site: Path, view: Any) -> None:
    view.goto((site / CAUSAL).as_uri())

    for pair in view.locator(".pair").all():
        left, right = (pane.bounding_box() for pane in pair.locator(".pane").all())
        assert left["height"] == pytest.approx(right["height"], abs=1)


def test_keys_alone_reach_everything(site: Path, view: Any) -> None:
    view.goto((site / HEADS).as_uri())

    view.keyboard.press("Tab")
    assert view.evaluate("document.activeElement.className") == "skip"
    view.keyboard.press("Tab")
    assert (
        view.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    )
    view.keyboard.press("j")
    view.keyboard.press("j")
    assert view.url.endswith("#step-1")
    view.keyboard.press("?")
    assert view.locator("#keys").is_visible()
    view.keyboard.press("Escape")
    assert not view.locator("#keys").is_visible()


def test_a_cell_tells_both_numbers_to_the_last_digit(site: Path, view: Any) -> None:
    view.goto((site / CAUSAL).as_uri())
    view.locator("#step-2 .scroll").first.focus()

    view.keyboard.press("ArrowDown")
    view.keyboard.press("ArrowRight")

    readout = view.locator(".readout").inner_text()
    assert readout.startswith("attn_scores, the → cat: ")
    assert re.search(r"0\.0\d{10}", readout)


def test_one_head_at_a_time_and_the_address_says_which(site: Path, view: Any) -> None:
    view.goto((site / HEADS).as_uri())
    shown = "#step-3 figure.several .panel:visible"
    before = view.locator(shown).inner_text()

    view.keyboard.press("]")

    assert view.locator(shown).count() == 1
    after = view.locator(shown).inner_text()
    assert after != before
    view.reload()
    assert view.locator(shown).inner_text() == after


def test_a_link_to_a_step_shows_its_head(site: Path, view: Any) -> None:
    view.goto((site / CAUSAL).as_uri() + "#step-3")
    view.wait_for_timeout(400)

    head = view.locator("#step-3 h3").bounding_box()
    columns = view.locator(".columns").bounding_box()
    assert columns["y"] + columns["height"] <= head["y"] < 400


def test_the_theme_is_remembered(served: str, view: Any) -> None:
    view.emulate_media(color_scheme="light")
    view.goto(served + CAUSAL)
    ground = "getComputedStyle(document.body).backgroundColor"
    light = view.evaluate(ground)

    view.keyboard.press("t")
    view.keyboard.press("t")
    dark = view.evaluate(ground)
    view.reload()

    assert dark != light
    assert view.evaluate(ground) == dark


def test_a_phone_shows_one_panel_if_asked(site: Path, view: Any) -> None:
    view.set_viewport_size({"width": 390, "height": 844})
    view.goto((site / CAUSAL).as_uri())

    assert view.locator("details[open]").count() == 0
    for label in view.locator("#step-2 .pane-label").all():
        code = label.locator("xpath=following-sibling::pre").bounding_box()
        box = label.locator("button").bounding_box()
        assert box["y"] + box["height"] <= code["y"] + 1
    view.locator(".switch button", has_text="PyTorch").click()
    view.reload()
    assert not view.locator("#step-2 .pane.numpy").is_visible()
    assert view.locator("#step-2 .pane.torch").is_visible()


def test_print_shows_all_in_colour(site: Path, view: Any) -> None:
    view.set_viewport_size({"width": 390, "height": 844})
    view.goto((site / CAUSAL).as_uri())

    view.evaluate("dispatchEvent(new Event('beforeprint'))")
    view.emulate_media(media="print")

    assert view.locator("details:not([open])").count() == 0
    cell = view.locator("#step-2 .heat .n8").first
    exact = cell.evaluate("(each) => getComputedStyle(each).printColorAdjust")
    assert exact == "exact"


def test_without_a_script_everything_is_there(chromium: Any, site: Path) -> None:
    context = chromium.new_context(java_script_enabled=False)
    view = context.new_page()
    view.goto((site / HEADS).as_uri())

    content = view.locator("#rows").inner_text()
    assert view.locator(".js-only:visible").count() == 0
    assert view.locator("#step-3 .panel:visible").count() >= 2
    assert view.locator(".formula math").first.is_visible()
    assert "head_queries @ head_keys.mT" in content
    assert len(numbers(content)) > 200
    context.close()
