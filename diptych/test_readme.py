"""The documents say what the sources say, and what the README shows can be run."""

import contextlib
import io
import re

import pytest

from diptych.readme import PARTS, README, documents, renewed, top_from

TEXT = README.read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```python\n((?:(?!```).*\n)*)```\n\n(?!</td>)", TEXT)


@pytest.mark.parametrize("file", documents(), ids=lambda file: file.name)
def test_the_generated_parts_are_up_to_date(file):
    content = file.read_text(encoding="utf-8")

    new = renewed(content, top_from(file))
    assert new == content, "run python -m diptych.readme"


@pytest.mark.parametrize("name", PARTS)
def test_every_generated_part_is_in_one_document(name):
    texts = [file.read_text(encoding="utf-8") for file in documents()]

    assert sum(text.count(f"<!-- begin: {name} -->") for text in texts) == 1


def test_a_part_that_does_not_end_is_rejected():
    with pytest.raises(ValueError, match="begin: parts --> needs <!-- end: parts"):
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


@pytest.mark.parametrize("file", documents(), ids=lambda file: file.name)
def test_every_file_that_a_document_links_exists(file):
    links = re.findall(r"\]\(([^)#:]+)\)", file.read_text(encoding="utf-8"))

    assert not [link for link in links if not (file.parent / link).exists()]
