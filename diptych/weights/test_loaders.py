"""Llama and GPT-2 from files that transformers wrote, and back again."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM
from typer.testing import CliRunner

from diptych.cli import app
from diptych.weights.find import find_model
from diptych.weights.llama import llama_from_huggingface, llama_to_huggingface
from diptych.weights.safetensors import read_safetensors, write_safetensors

IDS = np.array([[3, 1, 4, 1, 5]])
LLAMA: dict[str, Any] = {
    "vocab_size": 11,
    "hidden_size": 8,
    "intermediate_size": 12,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "tie_word_embeddings": True,
}
GPT2 = {"vocab_size": 11, "n_positions": 7, "n_embd": 8, "n_layer": 2, "n_head": 2}


def saved(model: Any, folder: Path) -> torch.Tensor:
    """Let transformers save a model in float32, and return its logits."""
    for parameter in model.parameters():  # norms and biases differ from one and zero
        parameter.data = parameter.data + 0.1 * torch.randn_like(parameter)
    model.eval().save_pretrained(folder)
    with torch.no_grad():
        logits: torch.Tensor = model(torch.from_numpy(IDS)).logits
    return logits


def logits_of(checkpoint: Any, backend: str) -> np.ndarray[Any, Any]:
    """Run a model of a checkpoint in float64."""
    model = checkpoint.build(backend, np.float64)
    if backend == "numpy":
        return np.asarray(model(IDS))
    with torch.no_grad():
        found: np.ndarray[Any, Any] = model(torch.from_numpy(IDS)).numpy()
    return found


@pytest.fixture(autouse=True)
def _seeded() -> None:
    """Let transformers draw the same parameters each time."""
    torch.manual_seed(1)


@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_a_llama_of_transformers_has_the_same_logits(tmp_path, backend):
    expected = saved(LlamaForCausalLM(LlamaConfig(**LLAMA)), tmp_path)
    found = logits_of(find_model(str(tmp_path)), backend)

    assert np.abs(found - expected.numpy()).max() < 1e-5  # theirs is in float32


@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_a_gpt2_of_transformers_has_the_same_logits(tmp_path, backend):
    expected = saved(GPT2LMHeadModel(GPT2Config(**GPT2)), tmp_path)
    found = logits_of(find_model("gpt2", tmp_path / "model.safetensors"), backend)

    assert np.abs(found - expected.numpy()).max() < 1e-5


@pytest.mark.parametrize("pairing", ["halves", "neighbours"])
def test_what_is_written_is_what_transformers_reads(tmp_path, pairing):
    saved(LlamaForCausalLM(LlamaConfig(**LLAMA)), tmp_path)
    checkpoint = find_model(str(tmp_path))
    config = {**checkpoint.config, "pairing": pairing}
    said, tensors = llama_to_huggingface(config, checkpoint.read(np.float32))
    (tmp_path / "config.json").write_text(json.dumps(said))
    write_safetensors(tmp_path / "model.safetensors", tensors)
    theirs = LlamaForCausalLM.from_pretrained(tmp_path)
    with torch.no_grad():
        logits = theirs(torch.from_numpy(IDS)).logits.numpy()
    part = __import__("torch_impl").Llama(**config).eval()
    own = {n: torch.from_numpy(a) for n, a in checkpoint.read(np.float32).items()}
    part.load_state_dict(own)
    with torch.no_grad():
        expected = part(torch.from_numpy(IDS)).numpy()

    assert np.abs(logits - expected).max() < 1e-5


def test_bfloat16_is_read_as_float32(tmp_path):
    saved(LlamaForCausalLM(LlamaConfig(**LLAMA)).bfloat16(), tmp_path)
    tensors = read_safetensors(tmp_path / "model.safetensors")

    assert {array.dtype.name for array in tensors.values()} == {"float32"}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"model_type": "mistral"}, "model_type must be 'llama', got 'mistral'"),
        ({"attention_bias": True}, "attention_bias must be False, got True"),
        ({"hidden_act": "gelu"}, "hidden_act must be 'silu', got 'gelu'"),
        ({"head_dim": 3}, "heads must have 8 / 4 channels, got 3"),
        (
            {"rope_parameters": {"rope_type": "yarn"}},
            "rope scaling is not supported, got 'yarn'",
        ),
        ({"num_hidden_layers": 3}, "the file lacks the tensor 'model.layers.2"),
        ({"num_hidden_layers": 10**9}, "the file lacks the tensor 'model.layers.2"),
        ({"num_hidden_layers": 1}, "the model has no tensor 'model.layers.1"),
        ({"num_hidden_layers": "2"}, "num_hidden_layers must be an integer"),
        ({"num_attention_heads": 0}, "num_attention_heads must be an integer of at l"),
        ({"num_key_value_heads": 3}, "num_heads must be a multiple of num_kv_heads"),
        ({"num_attention_heads": 8, "num_key_value_heads": 2}, "channels, got 2"),
        ({"intermediate_size": 2**30}, "gate_proj.weight' must have shape"),
        ({"rms_norm_eps": "tiny"}, "rms_norm_eps must be a finite number"),
        ({"rope_parameters": [1]}, "rope_parameters must be an object"),
    ],
)
def test_what_is_not_supported_is_rejected_by_name(tmp_path, changes, reason):
    saved(LlamaForCausalLM(LlamaConfig(**LLAMA)), tmp_path)
    said = json.loads((tmp_path / "config.json").read_text()) | changes
    tensors = read_safetensors(tmp_path / "model.safetensors")

    with pytest.raises(ValueError, match=reason):
        llama_from_huggingface(said, tensors)


def test_a_head_of_its_own_is_rejected(tmp_path):
    model = LlamaForCausalLM(LlamaConfig(**{**LLAMA, "tie_word_embeddings": False}))
    saved(model, tmp_path)

    with pytest.raises(ValueError, match="the head must be tied to the embedding"):
        find_model(str(tmp_path))


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("model.safetensors", b"\x80\x04pickled", "is no safetensors file"),
        ("model.bin", b"\x80\x04pickled", "must be a .gguf, .safetensors or a folder"),
    ],
)
def test_other_files_are_rejected(tmp_path, name, content, reason):
    (tmp_path / name).write_bytes(content)

    with pytest.raises(ValueError, match=reason):
        find_model(str(tmp_path / name))
    with pytest.raises(ValueError, match="there is no model and no file 'nothing'"):
        find_model("nothing")
    with pytest.raises(ValueError, match="no package has GPT-2's weights"):
        find_model("gpt2")


def test_gpt2_generates_with_the_tokenizer_of_this_package(tmp_path):
    sizes = {**GPT2, "vocab_size": 50_257, "bos_token_id": 0, "eos_token_id": 50_256}
    saved(GPT2LMHeadModel(GPT2Config(**sizes)), tmp_path)
    command = ["generate", "gpt2", "Hello", "--weights", str(tmp_path)]
    result = CliRunner().invoke(app, [*command, "--backend", "both", "--tokens", "3"])

    assert result.exit_code == 0, result.output
    assert "3 tokens" in result.output


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--backend", "jax"], "--backend must be numpy, torch or both, got 'jax'"),
        (["--dtype", "int8"], "--dtype must be float32 or float64, got 'int8'"),
        (["--chat"], "the model has no chat template"),
    ],
)
def test_what_cannot_be_generated_is_said(tmp_path, options, reason):
    sizes = {**GPT2, "vocab_size": 50_257, "bos_token_id": 0, "eos_token_id": 50_256}
    saved(GPT2LMHeadModel(GPT2Config(**sizes)), tmp_path)
    command = ["generate", "gpt2", "Hello", "--weights", str(tmp_path), *options]
    result = CliRunner().invoke(app, command)

    assert result.exit_code == 2
    assert reason in result.output


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"n_layer": 10**9}, "the file lacks the tensor 'h.2.ln_1.weight'"),
        ({"n_head": 3}, "emb_dim must be a multiple of n_heads, got 8 and 3"),
        ({"n_positions": 70}, "'wpe.weight' must have shape"),
        ({"n_embd": None}, "n_embd must be an integer of at least 1, got None"),
        ({"activation_function": "relu"}, "activation_function must be 'gelu_new'"),
    ],
)
def test_a_gpt2_that_does_not_fit_its_config_is_rejected(tmp_path, changes, reason):
    saved(GPT2LMHeadModel(GPT2Config(**GPT2)), tmp_path)
    config = tmp_path / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | changes))

    with pytest.raises(ValueError, match=reason):
        find_model("gpt2", tmp_path)
