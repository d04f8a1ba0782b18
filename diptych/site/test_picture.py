"""The picture of the README shows the sources as they are."""

import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

from diptych.site import picture
from diptych.site.browser import why_no_browser
from diptych.site.picture import pictured_text, text_in

PICTURE = resources.files("diptych.site") / "picture.png"


def test_the_picture_shows_the_present_lines() -> None:
    shown = text_in(PICTURE.read_bytes())

    assert shown == pictured_text(), (
        "run diptych site --picture diptych/site/picture.png"
    )


def test_another_line_number_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "STEPS", (3, 4))

    assert text_in(PICTURE.read_bytes()) != pictured_text()


@pytest.mark.skipif(bool(why_no_browser()), reason=why_no_browser())
def test_a_command_draws_it_anew(tmp_path: Path) -> None:
    program = "import sys; from diptych.cli import app; app(sys.argv[1:])"
    command = [sys.executable, "-c", program, "site", "--picture", "new.png"]
    subprocess.run(command, cwd=tmp_path, check=True)

    assert text_in((tmp_path / "new.png").read_bytes()) == pictured_text()
