"""A reader opens few files for a pair, and they are short; `-s` prints the table."""

import pytest

from parity_tests.meta_tests.files_to_open import (
    EXCEPTED,
    MAX_FILES,
    MAX_LINES,
    main,
    table,
)


@pytest.mark.parametrize(
    ("path", "opened", "n_lines"),
    [
        pytest.param(path, opened, n_lines, id=f"{package}/{path}")
        for package, path, opened, n_lines, _ in table()
        if path not in EXCEPTED
    ],
)
def test_a_pair_takes_at_most_five_files_and_five_hundred_lines(path, opened, n_lines):
    assert opened[0] == f"{path}.py"
    assert len(opened) <= MAX_FILES, opened
    assert n_lines <= MAX_LINES, opened


def test_the_table_names_every_pair_and_its_files(capsys):
    main()

    printed = capsys.readouterr().out
    print(printed)
    assert "attention/causal                reference" in printed
    assert all(path in printed for path in EXCEPTED)
