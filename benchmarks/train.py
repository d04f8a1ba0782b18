"""How long training takes, as ratios to Hugging Face's trainer within one run.

Run by hand: `python benchmarks/train.py`. One thread, CPU seconds, medians of
interleaved repeats, on the English of `encode.py`. Hugging Face's trainer breaks ties
as "hugging_face" does, and rustbpe, which is timed where it is installed, as "pair_id"
does: with these rules the vocabularies must be the same, token by token.
"""

import argparse
import os
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import Any

os.environ["RAYON_NUM_THREADS"] = "1"  # read when their threads start

import torch
from encode import BACKENDS, backend, english, medians, processor
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

PATTERN = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


def by_hugging_face(text: str, vocab_size: int) -> list[bytes]:
    """Train with `tokenizers`; give the bytes of every merged token."""
    level = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = level
    alphabet = level.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator([text], trainer)
    # The characters that stand for bytes are, in their order, GPT-2's bytes.
    printed = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    order = printed + sorted({*range(256)} - {*printed})
    byte_of = dict(zip(sorted(alphabet), order, strict=True))
    words = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    return [bytes(byte_of[sign] for sign in word) for word, _ in words[256:]]


def by_rustbpe(text: str, vocab_size: int) -> list[bytes]:
    """Train with `rustbpe`; give the bytes of every merged token."""
    import rustbpe

    tokenizer = rustbpe.Tokenizer()
    tokenizer.train_from_iterator(iter([text]), vocab_size, pattern=PATTERN)
    ranks = sorted(tokenizer.get_mergeable_ranks(), key=lambda item: item[1])
    return [bytes(token) for token, _ in ranks[256:]]


def by_backend(name: str, tie_break: str, text: str, vocab_size: int) -> list[bytes]:
    """Train with one of our own; give the bytes of every merged token."""
    learned = backend(name).from_text(text, vocab_size, tie_break=tie_break)
    return list(learned.token_bytes[256:])


def main() -> None:
    """Print how long each backend takes for each size and tie rule."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sizes", type=int, nargs="*", default=[1_000, 8_000])
    parser.add_argument("--megabytes", type=float, nargs="*", default=[1.7, 8.0])
    parser.add_argument("--times", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{processor()}; one thread")

    trainers_of: dict[str, Callable[[str, int], list[bytes]]] = {
        "Hugging Face": by_hugging_face
    }
    if find_spec("rustbpe"):
        trainers_of["rustbpe"] = by_rustbpe
    for name in BACKENDS:
        for tie_break in ("bytes", "first_seen", "pair_id", "hugging_face"):
            trainers_of[f"{name} {tie_break}"] = partial(by_backend, name, tie_break)

    for megabytes in options.megabytes:
        text = english(int(1e6 * megabytes))
        for size in options.sizes:
            compare(text, size, trainers_of, options.times)


def compare(
    text: str,
    size: int,
    trainers_of: dict[str, Callable[[str, int], list[bytes]]],
    times: int,
) -> None:
    """Print a table for one text and one size of vocabulary."""
    found: dict[str, list[bytes]] = {}

    def run(name: str) -> None:
        found[name] = trainers_of[name](text, size)

    seconds = medians({name: partial(run, name) for name in trainers_of}, times)
    print(f"\n{len(text.encode()) / 1e6:.2f} MB, {size} ids, median of {times}")
    for name, taken in seconds.items():
        same: Any = ""
        if name.endswith("hugging_face"):
            same = f"same tokens: {found[name] == found['Hugging Face']}"
        if name.endswith("pair_id") and "rustbpe" in found:
            same = f"same tokens: {found[name] == found['rustbpe']}"
        ratio = seconds["Hugging Face"] / taken
        print(f"{name:25} {taken:6.2f} s {ratio:5.2f} x Hugging Face  {same}")


if __name__ == "__main__":
    main()
