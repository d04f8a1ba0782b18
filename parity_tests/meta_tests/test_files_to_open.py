"""A reader opens few files for a pair, and they are short; `-s` prints the table."""

import pytest

from parity_tests.meta_tests.files_to_open import (
    EXCEPTED,
    LONG,
    MAX_FILES,
    MAX_LINES,
    MAX_LONG,
    main,
    table,
)


@pytest.mark.parametrize(
    ("package", "path", "opened", "n_lines", "n_all"),
    [row for row in table() if row[1] not in EXCEPTED],
)
def test_a_pair_takes_at_most_five_files_and_five_hundred_lines(
    package, path, opened, n_lines, n_all
):
    assert opened[0] == f"{path}.py"
    assert len(opened) <= MAX_FILES, opened
    assert n_lines <= (MAX_LONG if path in LONG else MAX_LINES), opened


def test_the_table_names_every_pair_and_its_files(capsys):
    main()

    printed = capsys.readouterr().out
    print(printed)
    assert "attention/causal                reference" in printed
    assert all(path in printed for path in EXCEPTED)
