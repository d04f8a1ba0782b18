"""The README says what the sources say, and what it shows can be run."""

import contextlib
import io
import re

import pytest

from diptych.readme import README, renewed

TEXT = README.read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```python\n((?:(?!```).*\n)*)```\n\n(?!</td>)", TEXT)


def test_the_generated_parts_are_up_to_date():
    assert renewed(TEXT) == TEXT, "run python -m diptych.readme"


def test_a_readme_without_its_markers_is_refused():
    with pytest.raises(ValueError, match="needs the markers"):
        renewed(TEXT.replace("<!-- end: parts -->", ""))


def test_there_are_snippets_to_run():
    assert len(SNIPPETS) >= 2


@pytest.mark.parametrize("number", range(len(SNIPPETS)))
def test_a_snippet_prints_what_its_comments_say(number):
    printed = printed_by(SNIPPETS[number])

    assert printed == re.findall(r"print\(.*\)  # (.*)", SNIPPETS[number])


def test_the_import_can_be_swapped():
    first = SNIPPETS[0]
    assert "import reference as backend" in first

    swapped = first.replace("import reference as", "import torch_impl as")

    assert printed_by(swapped) == printed_by(first)


def printed_by(snippet):
    """Run a snippet and return the lines that it prints."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(snippet, {})
    return output.getvalue().splitlines()


def test_every_file_that_the_readme_links_exists():
    links = re.findall(r"\]\(([^)#:]+)\)", TEXT)

    assert links
    assert not [link for link in links if not (README.parent / link).exists()]
