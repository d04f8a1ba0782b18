"""SmolLM2's prefill and decoding on both backends, beside transformers with sdpa.

    python -m benchmarks.models

Needs `make weights`. Two threads, float32, medians of runs in turn; transformers = 1.
"""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import DynamicCache, LlamaForCausalLM

from diptych.weights.find import find_model
from diptych.weights.llama import llama_to_huggingface
from diptych.weights.safetensors import write_safetensors

N_PROMPT, N_BEFORE, N_NEW, N_RUNS = 256, 64, 16, 5
Run = Callable[[], Any]


def transformers_model(checkpoint: Any) -> Any:
    """Let transformers load the same parameters, with its fused attention."""
    said, tensors = llama_to_huggingface(checkpoint.config, checkpoint.read(np.float32))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "config.json").write_text(json.dumps(said))
        write_safetensors(folder / "model.safetensors", tensors)
        return LlamaForCausalLM.from_pretrained(
            folder, attn_implementation="sdpa", dtype=torch.float32
        ).eval()


def prefills(models: dict[str, Any], ids: Any) -> dict[str, Run]:
    """Run a whole prompt into new caches, on each."""
    given = torch.from_numpy(ids)

    def own(name: str) -> Run:
        x = ids if name == "numpy" else given
        return lambda: models[name](x, models[name].make_caches(1, ids.shape[1]))

    theirs = models["transformers"]
    return {
        "transformers": lambda: theirs(given, past_key_values=DynamicCache()),
        "numpy": own("numpy"),
        "torch": own("torch"),
    }


def decodings(models: dict[str, Any], ids: Any) -> dict[str, Run]:
    """Run a short prompt, and return what runs one token at a time behind it."""
    before, one = ids[:, :N_BEFORE], ids[:, N_BEFORE : N_BEFORE + 1]
    theirs = models["transformers"]

    def by_transformers() -> None:
        if added := cache.get_seq_length() - N_BEFORE:
            cache.crop(-added)
        for _ in range(N_NEW):
            theirs(torch.from_numpy(one), past_key_values=cache)

    def own(name: str) -> Run:
        made = models[name].make_caches(1, N_BEFORE + N_NEW)
        x = one if name == "numpy" else torch.from_numpy(one)
        models[name](before if name == "numpy" else torch.from_numpy(before), made)

        def run() -> None:
            for each in made:
                each.truncate(N_BEFORE)
            for _ in range(N_NEW):
                models[name](x, made)

        return run

    cache = DynamicCache()
    theirs(torch.from_numpy(before), past_key_values=cache)
    return {
        "transformers": by_transformers,
        "numpy": own("numpy"),
        "torch": own("torch"),
    }


def medians(runs: dict[str, Run]) -> dict[str, float]:
    """Time every run in turn, several times; the first time does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(N_RUNS + 1):
        for name, run in runs.items():
            began = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - began)
    return {name: statistics.median(each[1:]) for name, each in seconds.items()}


def main() -> None:
    """Print the table."""
    torch.set_num_threads(2)
    try:
        checkpoint = find_model("smollm2")
    except ValueError as error:
        sys.exit(str(error))
    ids = np.random.default_rng(1).integers(0, 49_152, (1, N_PROMPT))
    models = {name: checkpoint.build(name) for name in ("numpy", "torch")}
    models["transformers"] = transformers_model(checkpoint)
    print("| SmolLM2, float32, two threads | transformers | numpy | torch |")
    print("|---|---:|---:|---:|")
    with torch.inference_mode():
        for title, runs, per in (
            (f"prefill of {N_PROMPT} tokens", prefills(models, ids), 1),
            (f"a token behind {N_BEFORE}", decodings(models, ids), N_NEW),
        ):
            found = medians(runs)
            base = found["transformers"]
            cells = [f"{1e3 * base / per:.0f} ms"]
            cells += [f"{found[name] / base:.2f} ×" for name in ("numpy", "torch")]
            print(f"| {title} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
