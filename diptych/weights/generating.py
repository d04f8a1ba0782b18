"""Let a model go on with a text, on one backend or on both in step."""

import codecs
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from diptych.weights.checkpoint import BACKENDS, Checkpoint

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Sampling:
    """How many tokens, and how each is chosen; the seed is that of the draws."""

    n_new: int
    temperature: float = 0.0
    top_k: int | None = None
    top_p: float | None = None
    seed: int = 0


@dataclass(frozen=True)
class Disagreement:
    """Where two backends chose differently, and by how much the best logit led."""

    token: int
    ids: tuple[int, ...]
    margin: float


class Generation:
    """One text that is generated; `disagreement` says where backends first differ."""

    def __init__(
        self, checkpoint: Checkpoint, backend: str, dtype: str, sampling: Sampling
    ):
        if backend not in (*BACKENDS, "both"):
            raise ValueError(f"--backend must be numpy, torch or both, got {backend!r}")
        if dtype not in ("float32", "float64"):
            raise ValueError(f"--dtype must be float32 or float64, got {dtype!r}")
        if checkpoint.tokenizer is None:
            raise ValueError("the files have no tokenizer that is supported")
        names = [*BACKENDS] if backend == "both" else [backend]
        self.checkpoint, self.sampling = checkpoint, sampling
        self.models = [LoadedModel(checkpoint, name, dtype) for name in names]
        self.disagreement: Disagreement | None = None
        self.n_tokens, self.seconds, self.least_margin = 0, 0.0, np.inf

    @property
    def agrees(self) -> bool:
        """Whether all backends chose the same tokens."""
        return self.disagreement is None

    def stream(self, prompt: str, chat: bool = False) -> Iterator[str]:
        """Yield the prompt and each new piece of text, until the model ends it."""
        tokenizer = self.checkpoint.tokenizer
        text = prompt
        if chat:  # only then is Jinja needed
            from diptych.weights.chat import in_template

            text = in_template(self.checkpoint.chat_template, prompt)
        ids = np.array([tokenizer.encode(text)], np.int64)
        if not ids.size:
            raise ValueError("the prompt must have a token")
        if not chat:
            yield prompt
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        for new_id in self.choose(ids):
            if new_id in self.checkpoint.stop_ids:
                break
            yield decoder.decode(tokenizer.decode_bytes([new_id]))
        yield decoder.decode(b"", final=True)

    def choose(self, ids: Array) -> Iterator[int]:
        """Yield the token that the first backend chooses, while all choose the same."""
        began = time.perf_counter()
        streams = [model.generate(ids, self.sampling) for model in self.models]
        for chosen in zip(*streams, strict=True):
            self.n_tokens += 1
            self.seconds = time.perf_counter() - began
            margin = min(model.margin() for model in self.models)
            self.least_margin = min(self.least_margin, margin)
            if len({*chosen}) > 1:
                self.disagreement = Disagreement(self.n_tokens, chosen, margin)
                return
            yield chosen[0]

    def summary(self) -> str:
        """Say how long it took, and what both backends chose."""
        speed = f"{self.n_tokens} tokens, {self.n_tokens / self.seconds:.1f} a second"
        if len(self.models) == 1:
            return speed
        if self.disagreement is None:
            margin = f"the best logit led by {self.least_margin:.2g} or more"
            return f"{speed}; both backends chose the same, {margin}"
        names = " and ".join(
            repr(self.checkpoint.tokenizer.decode([i])) for i in self.disagreement.ids
        )
        where = f"{speed}; token {self.disagreement.token} differs, {names}"
        return f"{where}: the best logit led by {self.disagreement.margin:.2g}"


class LoadedModel:
    """One backend with the model on it; it remembers the logits of the last token."""

    def __init__(self, checkpoint: Checkpoint, backend: str, dtype: str):
        self.backend, self.dtype = backend, dtype
        self.model = checkpoint.build(backend, getattr(np, dtype))
        package = BACKENDS[backend]
        self.generation = import_module(f"{package}.models.generation")
        self.context_length = getattr(self.model, "context_length", None)
        self.last: Any = None

    def __call__(self, *inputs: Any) -> Any:
        """Run the model."""
        logits = self.model(*inputs)
        self.last = logits[:, -1]
        return logits

    def margin(self) -> float:
        """By how much the best logit leads."""
        return float(self.generation.margin(self.last)[0])

    def generate(self, ids: Array, sampling: Sampling) -> Iterator[int]:
        """Yield one new id after another."""
        rng = np.random.default_rng(sampling.seed)
        draws: Any = rng.random((sampling.n_new, 1), dtype=np.dtype(self.dtype))
        given: Any = ids
        if self.backend == "torch":
            torch = import_module("torch")
            given, draws = torch.from_numpy(ids), torch.from_numpy(draws)
        caches = None
        if hasattr(self.model, "make_caches"):
            caches = self.model.make_caches(1, ids.shape[1] + sampling.n_new)
        choice = sampling.temperature, sampling.top_k, sampling.top_p
        with no_gradients(self.backend):
            for new in self.generation.generate(
                self, given, sampling.n_new, *choice, draws=draws, caches=caches
            ):
                yield int(new[0])


def no_gradients(backend: str) -> Any:
    """Let PyTorch record nothing."""
    if backend == "torch":
        return import_module("torch").inference_mode()
    return import_module("contextlib").nullcontext()
