"""What every tokenizer can do: batches, files, state; each kind, and both sides."""

import json
import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import reference
import torch_impl
from parity_tests.lockstep import compare_in_lockstep
from parity_tests.refusal import refusal
from parity_tests.sample_text import (
    LONE_SURROGATES,
    jargon_file,
    text,
    text_with_a_lone_surrogate,
)
from parity_tests.side import array_for, both_backends

TRAINING = {
    "WordTokenizer": {},
    "CharacterTokenizer": {"unknown": True},
    "BytePairTokenizer": {"vocab_size": 270},
}
EMPTY = {"BytePairTokenizer": {"merges": []}}
KINDS = [kind for kind in TRAINING if hasattr(reference, kind)]

every_kind = pytest.mark.parametrize("kind", KINDS)
there_and_back = pytest.mark.parametrize(
    ("here", "there"),
    [(reference, torch_impl), (torch_impl, reference)],
    ids=["from reference to torch", "from torch to reference"],
)


def train(backend, kind, text):
    """Train a tokenizer of that kind, so that it can encode every text."""
    return getattr(backend, kind).train(text, **TRAINING[kind])


def empty(backend, kind):
    """Make a tokenizer of that kind that has learned nothing."""
    return getattr(backend, kind)(**EMPTY.get(kind, {}))


def state_of(tokenizer):
    """Read the state of a tokenizer of either side as plain lists."""
    return {name: array.tolist() for name, array in tokenizer.state_dict().items()}


def state_for(backend, tokenizer):
    """Bring the state of a tokenizer of either side to a backend's kind of array."""
    make = torch.as_tensor if backend is torch_impl else np.asarray
    return {name: make(array) for name, array in tokenizer.state_dict().items()}


def holder(backend, tokenizer):
    """Put a tokenizer into a module, as a model would hold it."""
    base = torch.nn.Module if backend is torch_impl else reference.module.Module

    class Holder(base):
        def __init__(self):
            super().__init__()
            self.tokenizer = tokenizer

    return Holder()


# Agreement


@every_kind
@given(corpus=text(), texts=st.lists(text(), max_size=4))
def test_reference_and_torch_agree_on_batches(kind, corpus, texts):
    comparison = compare_in_lockstep(
        lambda: train(reference, kind, corpus)(texts),
        lambda: train(torch_impl, kind, corpus)(texts),
        {},
    )

    assert comparison.departure is None, str(comparison.departure)


@every_kind
def test_reference_and_torch_agree_on_real_text(kind):
    half = len(jargon_file()) // 2
    corpus, met = jargon_file()[:20_000], jargon_file()[half : half + 200_000]
    expected = train(reference, kind, corpus).encode(met)
    actual = train(torch_impl, kind, corpus).encode(met)

    assert actual.tolist() == expected.tolist()


@every_kind
@given(corpus=text())
def test_both_sides_save_the_same_file(kind, corpus):
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / "reference", Path(folder) / "torch"]
        train(reference, kind, corpus).save(paths[0])
        train(torch_impl, kind, corpus).save(paths[1])
        expected, actual = (path.read_bytes() for path in paths)

    assert actual == expected


# Laws


@both_backends
@every_kind
@given(corpus=text(), text=text())
def test_ids_are_one_row_of_whole_numbers_below_vocab_size(backend, kind, corpus, text):
    tokenizer = train(backend, kind, corpus)
    ids = tokenizer.encode(text)

    assert str(ids.dtype).removeprefix("torch.") == "int64"
    assert ids.ndim == 1
    assert all(0 <= number < tokenizer.vocab_size for number in ids.tolist())


@both_backends
@every_kind
@given(corpus=text(), texts=st.lists(text(), max_size=4))
def test_a_batch_is_its_texts_one_by_one(backend, kind, corpus, texts):
    tokenizer = train(backend, kind, corpus)
    expected = [tokenizer.encode(text).tolist() for text in texts]
    actual = [ids.tolist() for ids in tokenizer.encode_batch(texts)]

    assert actual == expected


@both_backends
@every_kind
@given(corpus=text(), texts=st.lists(text(), max_size=4))
def test_a_padded_row_is_the_ids_of_its_text_then_zeros(backend, kind, corpus, texts):
    tokenizer = train(backend, kind, corpus)
    rows = [tokenizer.encode(text).tolist() for text in texts]
    longest = max(map(len, rows), default=0)
    expected = [row + [0] * (longest - len(row)) for row in rows]
    padded, lengths = tokenizer(texts)

    assert padded.tolist() == expected
    assert tuple(padded.shape) == (len(texts), longest)
    assert lengths.tolist() == [len(row) for row in rows]


@both_backends
@every_kind
def test_nothing_is_no_ids_and_no_ids_are_nothing(backend, kind):
    for tokenizer in (empty(backend, kind), train(backend, kind, "some text")):
        assert tokenizer.encode("").tolist() == []
        assert tokenizer.decode([]) == ""


@there_and_back
@every_kind
@given(corpus=text(), text=text())
def test_each_side_loads_what_the_other_saved(here, there, kind, corpus, text):
    saved = train(here, kind, corpus)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tokenizer.json"
        saved.save(path)
        loaded = getattr(there, kind).load(path)

    assert state_of(loaded) == state_of(saved)
    assert loaded.encode(text).tolist() == saved.encode(text).tolist()


@there_and_back
@every_kind
@given(corpus=text(), other=text(), text=text())
def test_a_state_restores_a_tokenizer_of_another_size(
    here, there, kind, corpus, other, text
):
    source = train(here, kind, corpus)
    for target in (empty(there, kind), train(there, kind, other)):
        target.load_state_dict(state_for(there, source))

        assert target.vocab_size == source.vocab_size
        assert state_of(target) == state_of(source)
        assert target.encode(text).tolist() == source.encode(text).tolist()


@both_backends
@every_kind
@given(corpus=text(), text=text())
def test_a_tokenizer_inside_a_module_is_restored_with_it(backend, kind, corpus, text):
    source = holder(backend, train(backend, kind, corpus))
    target = holder(backend, empty(backend, kind))
    target.load_state_dict(source.state_dict())
    expected = source.tokenizer.encode(text).tolist()
    actual = target.tokenizer.encode(text).tolist()

    assert all(name.startswith("tokenizer.") for name in source.state_dict())
    assert actual == expected


@both_backends
@every_kind
def test_a_restored_tokenizer_shares_nothing_with_its_source(backend, kind):
    source, target = train(backend, kind, "hello"), empty(backend, kind)
    target.load_state_dict(source.state_dict())
    expected = state_of(source)
    for array in target.state_dict().values():
        array[...] = 1

    assert state_of(source) == expected


@both_backends
def test_a_state_is_whole_numbers_of_64_bits_whatever_it_was_made_of(backend):
    merges, base_bytes = (
        array_for(backend, np.array(numbers, np.uint8))
        for numbers in ([[97, 98]], range(256))
    )
    tokenizer = backend.BytePairTokenizer(merges, [], base_bytes)
    state = tokenizer.state_dict()

    assert {str(array.dtype).removeprefix("torch.") for array in state.values()} == {
        "int64"
    }


@both_backends
def test_a_special_token_is_decoded_as_it_is_written(backend):
    tokenizer = backend.BytePairTokenizer([(97, 98)], ["<é>"])

    assert tokenizer.decode([257, 256, 257]) == "<é>ab<é>"


@both_backends
@every_kind
def test_training_and_evaluation_reach_a_tokenizer_inside_a_module(backend, kind):
    module = holder(backend, train(backend, kind, "hello"))

    assert module.eval().tokenizer.training is False
    assert module.train().tokenizer.training is True


@both_backends
def test_a_class_learns_from_a_text_and_an_object_changes_its_mode(backend):
    class Learner(backend.tokenizers.tokenizer.Tokenizer):
        @classmethod
        def train(cls, text):
            return f"{cls.__name__} has read {text}"

    class Other(backend.tokenizers.tokenizer.Tokenizer):
        pass

    assert Learner.train("a book") == "Learner has read a book"
    assert Learner().train(False).training is False
    assert Other().train(False).training is False


@both_backends
@every_kind
def test_a_file_is_replaced_whole_and_nothing_is_left_beside_it(
    backend, kind, tmp_path
):
    path = tmp_path / "tokenizer.json"
    train(backend, kind, "one").save(path)
    saved = train(backend, kind, "two")
    saved.save(str(path))

    assert state_of(getattr(backend, kind).load(str(path))) == state_of(saved)
    assert [*tmp_path.iterdir()] == [path]


@both_backends
@every_kind
@pytest.mark.parametrize("failing", ["write_bytes", "replace"])
def test_a_failed_save_leaves_the_file_as_it_was(
    backend, kind, failing, tmp_path, monkeypatch
):
    path = tmp_path / "tokenizer.json"
    train(backend, kind, "one").save(path)
    expected = path.read_bytes()

    def fail(self, *args, **kwargs):
        self.write_text("{", encoding="utf-8")
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, failing, fail)
        with pytest.raises(OSError, match="no space left"):
            train(backend, kind, "two").save(path)

    assert path.read_bytes() == expected
    assert [*tmp_path.iterdir()] == [path]


@both_backends
@every_kind
def test_a_link_stays_a_link(backend, kind, tmp_path):
    link, target = tmp_path / "link", tmp_path / "target"
    link.symlink_to(target)
    train(backend, kind, "one").save(link)

    assert link.is_symlink()
    assert target.exists()


# Bridges: what PyTorch does with any module


@every_kind
def test_every_tensor_of_a_tokenizer_moves_with_it(kind):
    moved = train(torch_impl, kind, "some text, some words").to("meta")
    stray = [
        name
        for module in moved.modules()
        for name, value in vars(module).items()
        if isinstance(value, torch.Tensor)
    ]

    assert stray == []
    assert {buffer.device.type for buffer in moved.buffers()} == {"meta"}
    assert moved.device.type == "meta"


@every_kind
def test_the_default_device_plays_no_part(kind):
    """Only where the vocabulary is matters; what is made on `meta` has no values."""
    source, target = train(torch_impl, kind, "it's some text"), empty(torch_impl, kind)
    text = "it's another text"
    expected = source.encode(text).tolist()
    with torch.device("meta"):
        target.load_state_dict(source.state_dict())
        ids = target.encode(text)
        padded, lengths = target([text, ""])
        nothing, none = target([])

        assert target.decode(expected) == source.decode(ids)

    assert ids.tolist() == padded[0].tolist() == expected
    assert lengths.tolist() == [len(expected), 0]
    assert nothing.tolist() == none.tolist() == []


@every_kind
def test_a_change_of_precision_leaves_a_tokenizer_alone(kind):
    tokenizer = train(torch_impl, kind, "some text")
    expected = tokenizer.encode("some text").tolist()
    actual = tokenizer.half().double().encode("some text").tolist()

    assert actual == expected


@every_kind
def test_torch_saves_and_loads_a_tokenizer(kind, tmp_path):
    source, target = train(torch_impl, kind, "some text"), empty(torch_impl, kind)
    torch.save(source.state_dict(), tmp_path / "state.pt")
    target.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))

    assert state_of(target) == state_of(source)


@every_kind
def test_a_state_can_be_assigned(kind):
    source, target = train(torch_impl, kind, "some text"), empty(torch_impl, kind)
    target.load_state_dict(source.state_dict(), assign=True)
    expected = source.encode("some text").tolist()
    actual = target.encode("some text").tolist()

    assert actual == expected


@every_kind
def test_an_incomplete_state_is_refused_and_changes_nothing(kind):
    tokenizer = train(torch_impl, kind, "some text")
    expected = state_of(tokenizer)
    state = train(torch_impl, kind, "other words").state_dict()
    missing = [*state][-1]
    del state[missing]

    with pytest.raises(RuntimeError, match=missing):
        tokenizer.load_state_dict(state)
    assert state_of(tokenizer) == expected
    assert tokenizer.decode(tokenizer.encode("some text")) == "some text"


# Refusals


@both_backends
@every_kind
@pytest.mark.parametrize(
    ("given", "name"),
    [(None, "NoneType"), (5, "int"), (b"a", "bytes"), (["a"], "list")],
)
def test_what_is_no_string_is_refused(backend, kind, given, name):
    expected = TypeError, f"a text must be a string, got {name}"
    tokenizer = train(backend, kind, "a")

    assert refusal(lambda: tokenizer.encode(given)) == expected
    assert refusal(lambda: tokenizer(["a", given])) == expected
    assert refusal(lambda: train(backend, kind, given)) == expected


@both_backends
@every_kind
def test_one_string_is_no_batch(backend, kind):
    tokenizer = train(backend, kind, "a")
    expected = TypeError, "texts must be a list of strings, got one string"

    assert refusal(lambda: tokenizer("a")) == expected
    assert refusal(lambda: tokenizer.encode_batch("a")) == expected


@both_backends
@every_kind
@pytest.mark.parametrize("name", LONE_SURROGATES)
def test_a_lone_surrogate_is_refused_by_its_position(backend, kind, name):
    hurts = LONE_SURROGATES[name]
    place = next(n for n, c in enumerate(hurts) if "\ud800" <= c <= "\udfff")
    message = f"got U+{ord(hurts[place]):04X} at position {place}"
    expected = ValueError, f"a text holds no lone surrogate, {message}"
    tokenizer = train(backend, kind, "a")

    assert refusal(lambda: tokenizer.encode(hurts)) == expected
    assert refusal(lambda: train(backend, kind, hurts)) == expected


@every_kind
@given(hurts=text_with_a_lone_surrogate())
def test_a_lone_surrogate_is_refused_in_the_same_words(kind, hurts):
    expected = refusal(lambda: train(reference, kind, "a").encode(hurts))
    actual = refusal(lambda: train(torch_impl, kind, "a").encode(hurts))

    assert expected is not None
    assert actual == expected


@both_backends
@every_kind
@pytest.mark.parametrize(
    ("ids", "error", "message"),
    [
        ([0, -1], ValueError, "ids must lie in 0..{last}, got -1"),
        ([0, 10**6], ValueError, "ids must lie in 0..{last}, got 1000000"),
        ([2**64], ValueError, f"ids must fit into 64 bits, got {2**64}"),
        ([0.0], TypeError, "ids must be whole numbers, got 0.0"),
        ([True], TypeError, "ids must be whole numbers, got True"),
        (["0"], TypeError, "ids must be whole numbers, got '0'"),
        ([[0]], TypeError, "ids must be whole numbers, got [0]"),
        ("0", TypeError, "ids must be whole numbers, got '0'"),
    ],
)
def test_an_id_that_is_none_is_refused(backend, kind, ids, error, message):
    tokenizer = train(backend, kind, "a")
    expected = error, message.format(last=tokenizer.vocab_size - 1)
    actual = refusal(lambda: tokenizer.decode(ids))

    assert actual == expected


@both_backends
@every_kind
@pytest.mark.parametrize(
    ("ids", "error", "message"),
    [
        (np.zeros((1, 2), np.int64), ValueError, "one row, got shape (1, 2)"),
        (np.array(0), ValueError, "one row, got shape ()"),
        (np.zeros(2), TypeError, "whole numbers, got float64"),
        (np.zeros(2, bool), TypeError, "whole numbers, got bool"),
        (np.array([-1], np.int8), ValueError, "got -1"),
    ],
)
def test_an_array_that_holds_no_ids_is_refused(backend, kind, ids, error, message):
    given = torch.from_numpy(ids) if backend is torch_impl else ids
    found, words = refusal(lambda: train(backend, kind, "a").decode(given))

    assert found is error
    assert words.endswith(message)


@both_backends
@every_kind
@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"\x80\x04N.", b"\xff\xfe\x00", b"[" * 10**5],
    ids=["empty", "cut", "list", "null", "pickle", "no UTF-8", "deep"],
)
def test_a_file_that_is_no_json_object_is_refused(backend, kind, content, tmp_path):
    path = tmp_path / "saved.json"
    path.write_bytes(content)
    reason = "it is cut short, or no JSON object"
    expected = ValueError, f"saved.json is not a saved {kind}: {reason}"
    actual = refusal(lambda: getattr(backend, kind).load(path))

    assert actual == expected


@both_backends
@every_kind
def test_a_file_cut_anywhere_is_refused(backend, kind, tmp_path):
    path = tmp_path / "saved.json"
    train(backend, kind, "a b").save(path)
    whole = path.read_bytes()
    for size in range(0, len(whole), 1 + len(whole) // 50):
        path.write_bytes(whole[:size])

        assert refusal(lambda: getattr(backend, kind).load(path))[0] is ValueError


@both_backends
@every_kind
@pytest.mark.parametrize("said", ["SomeTokenizer", None, 3])
def test_a_file_of_another_kind_is_refused(backend, kind, said, tmp_path):
    path = tmp_path / "saved.json"
    train(backend, kind, "a").save(path)
    path.write_text(json.dumps({**json.loads(path.read_text()), "tokenizer": said}))
    reason = f"it says that it is a {said!r}"
    expected = ValueError, f"saved.json is not a saved {kind}: {reason}"
    actual = refusal(lambda: getattr(backend, kind).load(path))

    assert actual == expected


@both_backends
@every_kind
def test_a_file_that_says_no_kind_is_refused(backend, kind, tmp_path):
    path = tmp_path / "saved.json"
    path.write_text("{}")
    reason = "it says that it is a None"
    expected = ValueError, f"saved.json is not a saved {kind}: {reason}"
    actual = refusal(lambda: getattr(backend, kind).load(path))

    assert actual == expected


@both_backends
@pytest.mark.parametrize("kind", ["WordTokenizer", "CharacterTokenizer"])
@pytest.mark.parametrize(
    ("described", "reason"),
    [
        ({}, "it lacks 'vocabulary'"),
        ({"vocabulary": ["a"]}, "a vocabulary must map words to ids, got list"),
        (
            {"vocabulary": {"a": 0, "b": 0}},
            "ids must be 0..1, each of them once, got 0",
        ),
        ({"vocabulary": {"a": 1}}, "ids must be 0..0, each of them once, got 1"),
        ({"vocabulary": {"a": 0.5}}, "ids must be whole numbers, got 0.5"),
        ({"vocabulary": {"\ud800": 0}}, "a text holds no lone surrogate, got U+D800"),
    ],
)
def test_a_file_with_another_vocabulary_is_refused(
    backend, kind, described, reason, tmp_path
):
    path = tmp_path / "saved.json"
    path.write_text(json.dumps({"tokenizer": kind, **described}))
    error, message = refusal(lambda: getattr(backend, kind).load(path))

    assert error is ValueError
    assert message.startswith(f"saved.json is not a saved {kind}: {reason}")


@both_backends
@pytest.mark.parametrize(
    ("numbers", "kind", "fits"),
    [
        ([1, 255], "int64", True),
        ([1, 256], "int64", False),
        ([1, -1], "int16", False),
        ([1, 2], "float32", False),
        ([0, 1], "bool", False),
    ],
)
def test_a_state_is_copied_into_its_own_kind_of_numbers_or_refused(
    backend, numbers, kind, fits
):
    own, given = (
        array_for(backend, np.array(values, dtype))
        for values, dtype in (([0], "uint8"), (numbers, kind))
    )
    like = backend.tokenizers.tokenizer.like
    expected = ValueError, f"spelling must hold uint8, got {kind}"

    if fits:
        copied = like(own, given, "spelling")
        assert copied.tolist() == numbers
        assert copied.dtype == own.dtype
    else:
        assert refusal(lambda: like(own, given, "spelling")) == expected


@both_backends
@every_kind
def test_a_missing_file_is_said_to_be_missing(backend, kind, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"missing\.json"):
        getattr(backend, kind).load(tmp_path / "missing.json")
