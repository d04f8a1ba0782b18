"""The pages say what is so: their code runs, and its output is the true one."""

import contextlib
import io
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from diptych.reader.notes import by_topic
from diptych.readme import README, TOP, documents
from parity_tests.catalogue import PATHS, load
from parity_tests.sources.panels import text
from parity_tests.vectors.write import write_vectors

ASIDE = re.compile(r"<!-- begin: (\w+) -->.*?<!-- end: \1 -->", re.DOTALL)
PAGES = [file for file in documents() if file != README]
FRONT = README.read_text(encoding="utf-8")
CONTRIBUTING = (TOP / "CONTRIBUTING.md").read_text(encoding="utf-8")
OWN_LINES = 200  # of the README, which has one line more for each pair and topic
BLOCK = r"```{}\n(.*?)```"


def blocks(page: str, language: str) -> list[str]:
    """Find the code of a page, generated parts aside."""
    return re.findall(BLOCK.format(language), ASIDE.sub("", page), re.DOTALL)


SNIPPETS = [
    pytest.param(code, id=f"{file.stem}-{number}")
    for file in PAGES
    for number, code in enumerate(blocks(file.read_text("utf-8"), "python"), 1)
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder with vectors, as a reader of docs/vectors.md has it."""
    made = tmp_path_factory.mktemp("docs")
    write_vectors(made / "OUT", pairs=[load("attention/causal")])
    return made


@pytest.mark.parametrize("code", SNIPPETS)
def test_a_snippet_prints_what_its_comments_say(code, folder, monkeypatch):
    monkeypatch.chdir(folder)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, {})

    expected = re.findall(r"print\(.*\)  # (.*)", code)
    assert not expected or printed.getvalue().splitlines() == expected


def test_the_client_of_the_vectors_agrees_with_every_case(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    exec(blocks((TOP / "docs" / "vectors.md").read_text("utf-8"), "python")[0], {})

    printed = capsys.readouterr().out.splitlines()
    assert len(printed) > 10
    assert [line for line in printed if not line.endswith(": agrees")] == []


def shown(page: str) -> list[tuple[str, str]]:
    """Find every command of a page that stands with its output."""
    consoles = blocks(page, "console")
    return [(c.split("\n", 1)[0], c.split("\n", 1)[1]) for c in consoles]


@pytest.mark.parametrize("number", [0, 1])
def test_the_front_page_shows_what_the_kit_prints(number, tmp_path):
    command, output = shown(FRONT)[number]
    own = blocks(FRONT, "python")[-1]
    wrong = own.replace("is_causal=True", "is_causal=True, scale=1.0")
    (tmp_path / "mine.py").write_text([own, wrong][number], encoding="utf-8")
    _, _, *arguments = shlex.split(command)
    run = subprocess.run(
        [sys.executable, "-m", "diptych", *arguments],
        cwd=tmp_path,
        env={"PYTHONPATH": str(TOP), "PATH": ""},
        capture_output=True,
        text=True,
    )

    assert run.returncode == number, run.stderr
    left_out = re.escape(" ... ")
    pattern = re.escape(words_of(output)).replace(left_out, " .* ")
    assert re.fullmatch(pattern, words_of(run.stdout))


def words_of(output: str) -> str:
    """Leave out numbers, which differ from processor to processor, and file names."""
    without_files = re.sub(r"/tmp/\S+", "FILE", output)
    return " ".join(re.sub(r"\d\S*", "#", without_files).split())


def test_the_front_page_is_short():
    n_lines = len(FRONT.splitlines()) - len(PATHS) - len(by_topic(PATHS))
    assert n_lines <= OWN_LINES


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "CHANGELOG.md"])
def test_every_file_that_is_linked_exists(name):
    links = re.findall(r"\]\(([^)#:]+)\)", (TOP / name).read_text(encoding="utf-8"))

    assert not [link for link in links if not (TOP / link).exists()]


def test_every_page_is_reached_from_the_front_page():
    assert [page.name for page in PAGES if f"(docs/{page.name})" not in FRONT] == []


def test_the_property_that_contributing_shows_is_in_the_sources():
    shown_lines = re.search(r"((?: {4}.*\n)+)", CONTRIBUTING)[1]
    lines = [line.removeprefix("    ") for line in shown_lines.splitlines()]

    assert "\n".join(lines) in text("parity_tests", "attention/properties.py")


def test_every_target_of_make_that_a_document_names_exists():
    rules = re.findall(r"^(\w+):", (TOP / "Makefile").read_text("utf-8"), re.MULTILINE)
    texts = [CONTRIBUTING, *(file.read_text("utf-8") for file in documents())]
    named = {name for t in texts for name in re.findall(r"(?:    |`)make (\w+)", t)}

    assert named & {"demo", "test", "serve", "evidence"}
    assert {name for name in named if name not in rules} == set()
