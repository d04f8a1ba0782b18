"""The merge ladder: one line a pass, from bytes to the tokens of the text."""

import pytest

from diptych.reader.inputs import Choices
from diptych.reader.ladder import Ladder
from diptych.reader.ladder_lines import ladder_lines, learned_lines, token_lines
from diptych.reader.reading import read
from diptych.reader.test_terminal import shown
from diptych.reader.view import View

TEXT = "lowest naïve 東京\tlowest\n"
CORPUS = "low low low lower lowest newest newest widest"


def ladder_of(word: bytes, corpus: str | None = None) -> Ladder:
    """Read the ladder of a word of the text."""
    ladders = read("bpe", Choices(text=TEXT, corpus=corpus)).ladders
    return next(ladder for ladder in ladders if ladder.word == word)


@pytest.mark.parametrize("corpus", [None, CORPUS], ids=["gpt2", "learned"])
def test_a_ladder_ends_in_the_tokens_of_the_text(corpus: str | None) -> None:
    reading = read("bpe", Choices(text=TEXT, corpus=corpus))

    assert reading.agreement
    assert reading.agreement.agrees
    words = {ladder.word: ladder.rungs[-1].tokens for ladder in reading.ladders}
    assert b"".join(token.data for token in reading.tokens) == TEXT.encode()
    tokens = list(reading.tokens)
    while tokens:
        word = next(w for w in words if tuple(tokens[: len(words[w])]) == words[w])
        del tokens[: len(words[word])]


def test_a_ladder_begins_with_bytes_and_never_changes_them() -> None:
    for ladder in read("bpe", Choices(text=TEXT)).ladders:
        assert [len(token.data) for token in ladder.rungs[0].tokens] == [1] * len(
            ladder.word
        )
        for rung in ladder.rungs:
            assert b"".join(token.data for token in rung.tokens) == ladder.word


def test_every_merge_joins_what_stood_side_by_side() -> None:
    for ladder in read("bpe", Choices(text=TEXT)).ladders:
        for before, after in zip(ladder.rungs, ladder.rungs[1:], strict=False):
            neighbours = [*zip(before.tokens, before.tokens[1:], strict=False)]
            assert after.merges
            for merge in after.merges:
                token = after.tokens[merge.place]
                assert (merge.left, merge.right) in neighbours
                assert token.data == merge.left.data + merge.right.data
                assert token.id == 256 + merge.rank


def test_gpt2_merges_lowest_as_published() -> None:
    rungs = ladder_of(b"lowest").rungs

    assert [[t.data.decode() for t in rung.tokens] for rung in rungs] == [
        ["l", "o", "w", "e", "s", "t"],
        ["l", "ow", "es", "t"],
        ["low", "est"],
    ]
    assert [token.id for token in rungs[-1].tokens] == [9319, 395]


def test_a_word_that_comes_twice_has_one_ladder() -> None:
    assert ladder_of(b"lowest", CORPUS).count == 2 - TEXT.count(" lowest")


@pytest.mark.parametrize("width", [40, 60, 80, 140])
def test_one_line_a_pass(width: int) -> None:
    ladder = ladder_of(b"lowest")

    lines = [line.plain for line in ladder_lines(ladder, width)]
    passes = [line for line in lines if line[:6].strip().isdecimal()]
    assert len(passes) == len(ladder.rungs)
    assert "[ow]│[es]" in passes[1]
    assert any("o + w rank 66 → id 322" in line for line in lines)
    assert max(map(len, lines)) <= width


def test_white_space_and_broken_characters_are_drawn() -> None:
    tokens = read("bpe", Choices(text=TEXT)).tokens

    drawn = "\n".join(line.plain for line in token_lines(tokens, 80))
    for sign in ("␣", "⏎", "⇥", "<0x9D>", "part of 東"):
        assert sign in drawn


def test_the_terminal_walks_the_ladder() -> None:
    printed = shown("bpe", View(code=False), text="lowest\x1b")

    assert "     2  [low]│[est]     l + ow rank 9,063 → id 9319" in printed
    assert "\x1b" not in printed


def test_what_is_learned_is_told_one_line_a_pass() -> None:
    reading = read("bpe", Choices(text="low", corpus=CORPUS))
    training = next(s for s in reading.sections if s.title == "train_merges")

    lines = learned_lines(reading.learned, 80)
    assert len(lines) == len(reading.learned) == len(training.rows[4].runs)
    assert lines[0].plain == "   0  l + o → lo   id 256"


@pytest.mark.parametrize("text", ["", " ", "\x00"])
@pytest.mark.parametrize("corpus", [None, "", "a"])
def test_next_to_nothing_can_be_read(text: str, corpus: str | None) -> None:
    reading = read("bpe", Choices(text=text, corpus=corpus))

    assert b"".join(token.data for token in reading.tokens) == text.encode()


def test_a_loop_has_one_set_of_values_a_pass() -> None:
    reading = read("bpe", Choices(text="lowest"))
    merging = next(s for s in reading.sections if s.title == "MergePairs.forward")

    passes = [run.turn for run in merging.rows[5].in_call(0).runs]
    assert passes == [1, 2]
    assert len(merging.rows[1].in_call(0).runs) == 1
    assert len(reading.ladders[0].rungs) == 1 + len(passes)
