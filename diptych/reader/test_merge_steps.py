"""Merge steps: one merge a round, from bytes to the tokens of the text."""

import pytest

from diptych.reader.inputs import Choices
from diptych.reader.merge_steps import MergeSteps
from diptych.reader.reading import Reading
from diptych.reader.values import read
from diptych.terminal.merge_lines import learned_lines, step_lines, token_lines
from diptych.terminal.test_terminal import shown
from diptych.terminal.view import View

TEXT = "lowest naïve 東京\tlowest\n"
CORPUS = "low low low lower lowest newest newest widest"
VOCABULARIES = pytest.mark.parametrize(
    "others", [{"vocabulary": "gpt2"}, {"corpus": CORPUS}], ids=["gpt2", "learned"]
)


def reading_of(text: str, **others: str) -> Reading:
    """Read the byte-pair tokenizer on a text."""
    return read("tokenizers/byte_pair", Choices(text, others))


def steps_of(pre_token: bytes, **others: str) -> MergeSteps:
    """Read the merge steps of a pre-token of the text."""
    found = reading_of(TEXT, **others).merge_steps
    return next(each for each in found if each.pre_token == pre_token)


@VOCABULARIES
def test_merge_steps_end_in_the_tokens_of_the_text(others: dict[str, str]) -> None:
    reading = reading_of(TEXT, **others)

    assert reading.agreement
    assert reading.agreement.agrees
    ends = {each.pre_token: each.steps[-1].tokens for each in reading.merge_steps}
    assert b"".join(token.data for token in reading.tokens) == TEXT.encode()
    tokens = list(reading.tokens)
    while tokens:
        own = next(w for w in ends if tuple(tokens[: len(ends[w])]) == ends[w])
        del tokens[: len(ends[own])]


@VOCABULARIES
def test_merge_steps_begin_with_bytes_and_never_change_them(
    others: dict[str, str],
) -> None:
    for each in reading_of(TEXT, **others).merge_steps:
        assert [len(token.data) for token in each.steps[0].tokens] == [1] * len(
            each.pre_token
        )
        for step in each.steps:
            assert b"".join(token.data for token in step.tokens) == each.pre_token


@VOCABULARIES
def test_every_merge_joins_adjacent_tokens(others: dict[str, str]) -> None:
    for each in reading_of(TEXT, **others).merge_steps:
        for before, after in zip(each.steps, each.steps[1:], strict=False):
            adjacent = [*zip(before.tokens, before.tokens[1:], strict=False)]
            assert len({merge.rank for merge in after.merges}) == 1
            for merge in after.merges:
                token = after.tokens[merge.index]
                assert (merge.left, merge.right) in adjacent
                assert token.data == merge.left.data + merge.right.data
                assert token.id == 256 + merge.rank


def test_gpt2_merges_lowest_by_rank() -> None:
    steps = steps_of(b"lowest", vocabulary="gpt2").steps

    assert [[t.data.decode() for t in step.tokens] for step in steps] == [
        ["l", "o", "w", "e", "s", "t"],
        ["l", "o", "w", "es", "t"],
        ["l", "ow", "es", "t"],
        ["l", "ow", "est"],
        ["low", "est"],
    ]
    assert [token.id for token in steps[-1].tokens] == [9319, 395]


@pytest.mark.parametrize("width", [40, 60, 80, 140])
def test_one_line_a_round(width: int) -> None:
    found = steps_of(b"lowest", vocabulary="gpt2")

    lines = [line.plain for line in step_lines(found, width)]
    rounds = [line for line in lines if line[:6].strip().isdecimal()]
    assert len(rounds) == len(found.steps)
    assert "l│o│w│[es]│t" in rounds[1]
    assert any("o + w rank 66 → id 322" in line for line in lines)
    assert max(map(len, lines)) <= width


def test_white_space_and_broken_characters_are_drawn() -> None:
    tokens = reading_of(TEXT).tokens

    drawn = "\n".join(line.plain for line in token_lines(tokens, 80))
    for sign in ("␣", "⏎", "⇥", "<0x9D>", "part of 東"):
        assert sign in drawn


def test_the_terminal_shows_the_rounds() -> None:
    printed = shown("byte_pair", View(code=False), text="lowest\x1b", vocabulary="gpt2")

    assert "[low]│est" in printed
    assert "\x1b" not in printed


def test_what_is_learned_is_one_line_a_round() -> None:
    reading = reading_of("low", corpus=CORPUS)
    training = next(s for s in reading.sections if s.title.endswith("from_texts"))

    lines = learned_lines(reading.learned, 80)
    assert len(lines) == len(reading.learned) == len(training.rows[4].runs)
    assert lines[0].plain.endswith("id 256")


@pytest.mark.parametrize("text", ["", " ", "\x00"])
@pytest.mark.parametrize("corpus", ["", "a"])
def test_next_to_nothing_can_be_read(text: str, corpus: str) -> None:
    reading = reading_of(text, corpus=corpus)

    assert b"".join(token.data for token in reading.tokens) == text.encode()


def test_a_loop_has_one_set_of_values_a_round() -> None:
    reading = reading_of("lowest", corpus=CORPUS)
    merging = next(s for s in reading.sections if s.title.endswith("encode_pre_token"))

    (found,) = reading.merge_steps
    rounds = [run.turn for run in merging.rows[3].in_call(0).runs]
    assert rounds == list(range(1, len(found.steps)))
    assert len(merging.rows[1].in_call(0).runs) == 1
