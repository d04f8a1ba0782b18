"""Tests that every tokenizer passes: files, states, and what PyTorch does with them."""

import copy
import json
import random
from pathlib import Path
from typing import ClassVar

import pytest
import torch

from parity_tests.contract.backend import TORCH
from parity_tests.contract.pair import Pair
from parity_tests.contract.rejection import rejection
from parity_tests.tokenizers.mutations import mutated_bytes, mutated_value

N_MUTATED = 400
NO_TOKENIZERS = [b"{", b"[]", b"{}", b"null", b"\x80\x04N.", b"\xff\xfe\x00"]
TOO_DEEP = b"[" * 10**5
CORPUS = "some text, some more: abab <|end|>"


class TokenizerTests:
    """What is asked of every tokenizer; `learning` is what training needs of a size."""

    pair: ClassVar[Pair]
    learning: ClassVar[dict] = {}

    def learned(self, backend, text=CORPUS):
        """Learn from a text, so that it, at least, can be encoded."""
        return self.pair.part(backend).from_text(text, **self.learning)

    def test_nothing_gives_no_ids_and_no_ids_give_nothing(self, backend):
        for tokenizer in (self.learned(backend, ""), self.learned(backend)):
            assert tokenizer.encode("").tolist() == []
            assert tokenizer.decode([]) == ""
            assert tokenizer.encode_batch([]) == []
            assert [each.tolist() for each in tokenizer([])] == [[], []]

    # Files

    def test_a_file_is_replaced_as_a_whole_and_nothing_is_left_beside_it(
        self, backend, tmp_path
    ):
        path = tmp_path / "tokenizer.json"
        self.learned(backend, "one").save(path)
        saved = self.learned(backend, "two")
        saved.save(str(path))

        assert self.pair.part(backend).load(str(path)).to_dict() == saved.to_dict()
        assert [*tmp_path.iterdir()] == [path]

    @pytest.mark.parametrize("failing", ["write_bytes", "replace"])
    def test_a_failed_save_leaves_the_file_as_it_was(
        self, backend, failing, tmp_path, monkeypatch
    ):
        path = tmp_path / "tokenizer.json"
        self.learned(backend, "one").save(path)
        expected = path.read_bytes()

        def fail(self, *args, **kwargs):
            self.write_text("{", encoding="utf-8")
            raise OSError("no space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(Path, failing, fail)
            with pytest.raises(OSError, match="no space left"):
                self.learned(backend, "two").save(path)

        assert path.read_bytes() == expected
        assert [*tmp_path.iterdir()] == [path]

    def test_a_link_stays_a_link(self, backend, tmp_path):
        link, target = tmp_path / "link", tmp_path / "target"
        link.symlink_to(target)
        self.learned(backend).save(link)

        assert link.is_symlink()
        assert target.exists()

    def test_a_file_that_is_no_tokenizer_is_rejected(self, backend, tmp_path):
        """JSON of another form, a pickle, no UTF-8, too deep; or cut anywhere."""
        path, part = tmp_path / "saved.json", self.pair.part(backend)
        self.learned(backend, "a b").save(path)
        whole = path.read_bytes()
        cut = [whole[:size] for size in range(0, len(whole), 1 + len(whole) // 50)]
        for content in (*NO_TOKENIZERS, TOO_DEEP, *cut):
            path.write_bytes(content)
            error, message = rejection(lambda: part.load(path))

            assert error is ValueError
            assert message.startswith(f"saved.json is not a saved {part.__name__}: ")

    @pytest.mark.parametrize("kind", ["SomeTokenizer", None, 3])
    def test_a_file_of_another_kind_is_rejected(self, backend, kind, tmp_path):
        path = tmp_path / "saved.json"
        saved = {**self.learned(backend).to_dict(), "tokenizer": kind}
        path.write_text(json.dumps(saved))
        part = self.pair.part(backend)
        names = [name for name in saved if name != "tokenizer"]
        rule = f"it must be a {part.__name__} of {names}, got {saved!r:.60}"
        expected = ValueError, f"saved.json is not a saved {part.__name__}: {rule}"

        assert rejection(lambda: part.load(path)) == expected

    def test_a_missing_file_is_a_missing_file(self, backend, tmp_path):
        with pytest.raises(FileNotFoundError, match=r"missing\.json"):
            self.pair.part(backend).load(tmp_path / "missing.json")

    def test_a_mutated_file_is_loaded_or_rejected_by_a_value_error(
        self, backend, tmp_path
    ):
        path, rng = tmp_path / "saved.json", random.Random(self.pair.path)
        part, saved = self.pair.part(backend), self.learned(backend).to_dict()
        rejected = 0
        for number in range(N_MUTATED):
            as_text = json.dumps(saved if number % 2 else mutated_value(saved, rng))
            content = as_text.encode()
            path.write_bytes(mutated_bytes(content, rng) if number % 2 else content)
            try:
                loaded = part.load(path)
            except ValueError:
                rejected += 1
            else:
                loaded.decode(range(loaded.vocab_size))
                assert part.from_dict(loaded.to_dict()).to_dict() == loaded.to_dict()

        assert rejected > N_MUTATED / 2

    # What PyTorch does with any module

    def test_a_tokenizer_inside_a_module_is_restored_with_it(self, tmp_path):
        source, target, assigned = (
            torch.nn.ModuleDict({"tokenizer": self.learned(TORCH, text)})
            for text in (CORPUS, "other words", "")
        )
        torch.save(source.state_dict(), tmp_path / "state.pt")
        state = torch.load(tmp_path / "state.pt", weights_only=True)
        target.load_state_dict(state)
        assigned.load_state_dict(state, assign=True)
        right, *restored = (
            [each.to_dict(), each.vocab_size, each.encode(CORPUS).tolist()]
            for each in (m["tokenizer"] for m in (source, target, assigned))
        )

        assert [*state] == ["tokenizer._extra_state"]
        assert restored == [right, right]
        assert not target.eval()["tokenizer"].training

    def test_a_mutated_state_is_loaded_or_rejected_and_changes_nothing(self):
        rng, tokenizer = random.Random(self.pair.path), self.learned(TORCH)
        right = tokenizer.to_dict()
        ids = tokenizer.encode(CORPUS).tolist()
        rejected = 0
        for number in range(N_MUTATED):
            state = {"_extra_state": mutated_value(right, rng)}
            if number % 20 == 0:
                state = {} if number % 40 else {**state, "merges": torch.zeros(1)}
            if rejection(lambda state=state: tokenizer.load_state_dict(state)) is None:
                tokenizer.load_state_dict({"_extra_state": right})
                continue
            rejected += 1
            assert tokenizer.to_dict() == right
            assert tokenizer.encode(CORPUS).tolist() == ids

        assert rejected > N_MUTATED / 2

    @pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
    def test_a_copy_stays_what_it_is_when_its_source_changes(self, copied):
        source = self.learned(TORCH)
        other, right = copied(source), source.to_dict()
        source.load_state_dict(self.learned(TORCH, "other words").state_dict())
        ids = self.learned(TORCH).encode(CORPUS).tolist()

        assert other.to_dict() == right
        assert other.encode(CORPUS).tolist() == ids

    def test_every_tensor_of_a_tokenizer_moves_with_it(self):
        moved = self.learned(TORCH).to("meta")
        values = [value for each in moved.modules() for value in vars(each).values()]

        assert not any(isinstance(value, torch.Tensor) for value in values)
        assert {buffer.device.type for buffer in moved.buffers()} == {"meta"}
        assert moved.device.type == "meta"

    def test_the_default_device_plays_no_part(self):
        """The vocabulary's does; what is made on `meta` has no values."""
        source, target = self.learned(TORCH), self.learned(TORCH, "other words")
        expected = source.encode(CORPUS).tolist()
        with torch.device("meta"):
            target.load_state_dict(source.state_dict())
            ids = target.encode(CORPUS)
            padded, lengths = target([CORPUS, ""])
            nothing, none = target([])

            assert target.decode(expected) == source.decode(ids)

        assert ids.tolist() == padded[0].tolist() == expected
        assert lengths.tolist() == [len(expected), 0]
        assert nothing.tolist() == none.tolist() == []

    def test_a_change_of_precision_leaves_a_tokenizer_as_it_is(self):
        tokenizer = self.learned(TORCH)
        expected = tokenizer.encode(CORPUS).tolist()

        assert tokenizer.half().double().encode(CORPUS).tolist() == expected
