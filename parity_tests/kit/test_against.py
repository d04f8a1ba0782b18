"""What stands in for someone's code: right code must fit, a mistake must show."""

import copy
import json
import subprocess
import sys

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from parity_tests.catalogue import load
from parity_tests.contract.backend import REFERENCE
from parity_tests.kit.against import functions, modules, tokenizers
from parity_tests.kit.against.hook import STARTUP, VARIABLE, FirstStays
from parity_tests.kit.against.notes import IMPORTED, RUN
from parity_tests.kit.against.stand_in import StandIn
from parity_tests.kit.against.suite import run_suite
from parity_tests.kit.against.trial import SuiteRequest
from parity_tests.kit.against.visible import ELSEWHERE, INSIDE, why_invisible
from parity_tests.kit.examples.tiktoken_bpe import tokenizer as tiktoken_tokenizer
from parity_tests.kit.implementations import causal
from parity_tests.known_mistakes import mistaken_part, mistakes_of
from torch_impl.attention.multi_head import MultiHeadAttention

CAUSAL, MULTI_HEAD = "attention/causal", "attention/multi_head"
BYTE_PAIR, WORD = "tokenizers/byte_pair", "tokenizers/word"
SIZES = {"d_in": 3, "d_out": 4, "context_length": 6, "dropout": 0.5, "num_heads": 2}


@pytest.fixture
def stand_in(tmp_path):
    """Make a stand-in: right code of a pair, or a known mistake."""

    def make(path, name=""):
        pair = load(path)
        parts = {m.id: m for m in mistakes_of(pair)}
        part = mistaken_part(parts[name]) if name else pair.part(REFERENCE)
        return StandIn(pair, part, {"notes": str(tmp_path)})

    return make


def own_class():
    """Write multi-head attention as someone may, with the older form of `super`."""

    class MultiHead(nn.Module):
        def __init__(self, d_in, d_out, context_length, dropout, num_heads):
            super(MultiHead, self).__init__()  # noqa: UP008
            self.n_heads, self.p = num_heads, dropout
            for name in ("W_query", "W_key", "W_value"):
                setattr(self, name, nn.Linear(d_in, d_out, bias=False))
            self.out_proj = nn.Linear(d_out, d_out)

        def forward(self, hidden, mask=None):
            heads = (self.n_heads, -1)
            queries, keys, values = (
                layer(hidden).unflatten(-1, heads).transpose(-3, -2)
                for layer in (self.W_query, self.W_key, self.W_value)
            )
            scores = queries @ keys.mT / keys.shape[-1] ** 0.5
            later = torch.ones_like(scores, dtype=torch.bool).triu(1)
            attn_weights = scores.masked_fill(later, -torch.inf).softmax(-1)
            dropped_weights = F.dropout(attn_weights, self.p, self.training)
            return self.out_proj(
                (dropped_weights @ values).transpose(-3, -2).flatten(-2)
            )

    return MultiHead


def output_and_gradients(module, x):
    """Run forward and backward, from the same random numbers each time."""
    torch.manual_seed(1)
    output = module(x)
    leaves = [x, *module.parameters()]
    return output, *torch.autograd.grad(output.square().sum(), leaves)


# Modules


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_right_code_gives_what_the_own_module_gives(stand_in, training, dtype):
    own = own_class()
    module = own(**SIZES).to(dtype).train(training)
    x = torch.randn(2, 5, 3, dtype=dtype, requires_grad=True)
    before = output_and_gradients(module, x)
    modules.changed(own, stand_in(MULTI_HEAD))
    changed = own(*SIZES.values()).to(dtype).train(training)
    changed.load_state_dict(module.state_dict())

    for right, other in zip(before, output_and_gradients(changed, x), strict=True):
        torch.testing.assert_close(other, right)


def test_state_is_that_of_the_module_and_a_copy_has_its_own(stand_in):
    module = modules.changed(own_class(), stand_in(MULTI_HEAD))(**SIZES).eval()
    x = torch.randn(1, 4, 3)
    other = copy.deepcopy(module)
    before = module(x)
    nn.init.zeros_(module.out_proj.weight)

    assert torch.equal(module(x), module.out_proj.bias.expand(1, 4, 4))
    assert torch.equal(other(x), before)


def test_low_precision_and_an_absent_mask_are_taken(stand_in):
    module = modules.changed(own_class(), stand_in(MULTI_HEAD))(**SIZES).bfloat16()

    assert (
        module(torch.ones(1, 4, 3, dtype=torch.bfloat16), None).dtype is torch.bfloat16
    )


def test_the_random_numbers_of_a_test_stay_as_they_are(stand_in):
    own = modules.changed(own_class(), stand_in(MULTI_HEAD))
    torch.manual_seed(5)
    right = torch.randn(3), torch.randn(3)
    module = own(**SIZES).eval()
    torch.manual_seed(5)
    first = torch.randn(3)
    module(torch.ones(1, 4, 3))

    assert torch.equal(torch.stack([first, torch.randn(3)]), torch.stack(right))


@pytest.mark.parametrize(
    ("name", "shows_in"),
    [
        ("no-scale", "output"),
        ("heads-view-no-transpose", "output"),
        ("dropout-shared-by-heads", "output"),
        ("grad-softmax-no-sum", "gradients"),
    ],
)
def test_a_mistake_shows_where_it_should(stand_in, name, shows_in):
    own = own_class()
    module = own(**SIZES).double()
    x = torch.randn(2, 5, 3, dtype=torch.float64, requires_grad=True)
    output, *gradients = output_and_gradients(module, x)
    modules.changed(own, stand_in(MULTI_HEAD, name))
    changed = own(**SIZES).double()
    changed.load_state_dict(module.state_dict())
    mistaken, *wrong = output_and_gradients(changed, x)

    assert torch.allclose(mistaken, output) == (shows_in == "gradients")
    assert not all(map(torch.allclose, wrong, gradients))


def test_what_does_not_fit_is_named(stand_in):
    class OtherNames(nn.Module):
        def __init__(self, dim):
            super().__init__()
            self.project = nn.Linear(dim, dim)

        def forward(self, x):
            return self.project(x)

    class Renamed(own_class()):
        def __init__(self, **sizes):
            super().__init__(**sizes)
            self.q = self.W_query
            del self.W_query

    x = torch.ones(1, 2, 3)
    with pytest.raises(TypeError, match="modules are built with the arguments of the"):
        modules.changed(OtherNames, stand_in(MULTI_HEAD))(3)(x)
    with pytest.raises(RuntimeError, match="the module has no parameters W_query"):
        modules.changed(Renamed, stand_in(MULTI_HEAD))(**SIZES)(x)


def test_a_function_of_the_reference_can_be_a_module(stand_in):
    class Softmax(nn.Module):
        def forward(self, scores):
            return scores.softmax(-1)

    scores = torch.randn(2, 3, dtype=torch.float64, requires_grad=True)
    before = output_and_gradients(Softmax(), scores)
    modules.changed(Softmax, stand_in("primitives/softmax"))

    for right, other in zip(
        before, output_and_gradients(Softmax(), scores), strict=True
    ):
        torch.testing.assert_close(other, right)


@pytest.mark.parametrize(
    ("path", "sizes", "given"),
    [
        ("primitives/embedding", (5, 2), torch.tensor([[0, 4, 4]])),
        ("primitives/dropout", (0.5,), torch.randn(6, 5, 4).transpose(0, 2)),
    ],
)
def test_ids_have_no_gradient_and_dropout_draws_in_the_order_in_memory(
    stand_in, path, sizes, given
):
    part = load(path).torch
    own = type("Own", (part,), {"__init__": part.__init__, "forward": part.forward})
    module = own(*sizes)
    torch.manual_seed(1)
    right = module(given)
    modules.changed(own, stand_in(path))
    changed = own(*sizes)
    changed.load_state_dict(module.state_dict())
    torch.manual_seed(1)
    output = changed(given)

    assert torch.equal(output, right)
    for parameter in changed.parameters():
        output.sum().backward()
        assert parameter.grad[4].tolist() == [2, 2]


# Functions


def test_right_code_gives_what_the_own_function_gives(stand_in):
    module = MultiHeadAttention(3, 4, 6, 0.5, 1).double()
    state = {n: p.detach().numpy() for n, p in module.named_parameters()}
    parameters = {n: a for n, a in state.items() if n.startswith("W_")}
    inputs = {"x": np.random.default_rng(0).normal(size=(2, 5, 3))}
    inputs["keep"] = np.random.default_rng(1).random((2, 5, 5)) > 0.5
    config = {"d_in": 3, "d_out": 4, "context_length": 6, "dropout": 0.5}
    asked = inputs, parameters, {**config, "training": True}
    right, mistaken = (
        functions.changed(causal, stand_in(CAUSAL, name))(*asked)
        for name in ("", "dropout-no-rescale")
    )
    gradients = functions.changed(causal, stand_in(CAUSAL))(
        {**inputs, "grad_output": right}, *asked[1:]
    )

    assert np.allclose(right, causal(*asked))
    assert np.allclose(2 * mistaken, right)
    assert gradients.keys() == {"x", *parameters}


# Tokenizers

VOCABULARY = {bytes([b]): b for b in range(256)} | {b"ab": 256, b"abab": 257}
TABLES = VOCABULARY, [(b"a", b"b"), (b"ab", b"ab")], {"<|end|>": 258}
TEXT = "ababab<|end|> ab"


def test_a_factory_gives_the_ids_of_right_code_and_of_a_mistake(stand_in):
    own = tiktoken_tokenizer(*TABLES)
    right, mistaken = (
        tokenizers.changed(tiktoken_tokenizer, stand_in(BYTE_PAIR, name))(*TABLES)
        for name in ("", "bpe-stops-early")
    )

    assert right.encode(TEXT) == own.encode(TEXT) == [257, 256, 258, 32, 256]
    assert mistaken.encode(TEXT) != own.encode(TEXT)
    assert right.decode(own.encode(TEXT)) == TEXT


def test_a_class_stays_what_it_is_and_its_ids_the_kind_that_they_are(stand_in):
    class Words:
        def __init__(self, vocabulary):
            self.vocabulary = vocabulary

        def encode(self, text):
            return torch.tensor([self.vocabulary[word] for word in text.split()])

        def decode(self, ids):
            return " ".join([*self.vocabulary][i] for i in ids)

    assert tokenizers.changed(Words, stand_in(WORD)) is Words
    made = Words(vocabulary={"a": 0, "b": 1, "<|unk|>": 2, "<|endoftext|>": 3})
    assert torch.equal(made.encode("b a"), torch.tensor([1, 0]))
    assert made.decode(made.encode("b a")) == "b a"


def test_ids_that_the_reference_cannot_have_are_rejected(stand_in):
    factory = tokenizers.changed(tiktoken_tokenizer, stand_in(BYTE_PAIR))
    vocabulary = {**VOCABULARY, b"ab": 257, b"abab": 256}

    with pytest.raises(ValueError, match="merge 0 must have the id 256"):
        factory(vocabulary, *TABLES[1:])


def test_what_is_wrong_with_learning_is_not_tried_on_a_factory():
    mistakes = {each.id: each for each in mistakes_of(WORD)}
    of_causal = {each.id: each for each in mistakes_of(CAUSAL)}

    assert why_invisible(mistakes["word-split-at-spaces"]) == ""
    assert why_invisible(mistakes["first-seen-order"]) == ELSEWHERE
    assert why_invisible(of_causal["bias-dropped-on-keys"]) == INSIDE


# The hook


def test_the_first_finder_stays_the_first():
    finders = FirstStays(["ours", "path"])
    finders.insert(0, "other")
    finders.append("last")

    assert finders == ["ours", "other", "path", "last"]


def test_another_hook_and_another_sitecustomize_are_still_run(tmp_path):
    own, notes = tmp_path / "own", tmp_path / "notes"
    for folder in (own, notes, tmp_path / "startup"):
        folder.mkdir()
    (tmp_path / "startup" / "sitecustomize.py").write_text(STARTUP)
    (own / "sitecustomize.py").write_text("print('theirs')")
    (own / "mine.py").write_text("def f(inputs, parameters, config): ...\ng = f\n")
    request = SuiteRequest(load(CAUSAL), "mine:f", "")
    order = json.dumps(request.order("reference") | {"notes": str(notes)})
    code = (
        "import sys; from importlib.machinery import PathFinder\n"
        "sys.meta_path.insert(0, PathFinder)\n"
        "from mine import f, g; print(f is g, f.__name__)"
    )
    path = f"{tmp_path / 'startup'}:{own}"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={VARIABLE: order, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )

    assert ran.stdout.split() == ["theirs", "False", "f"]
    assert [each.name for each in notes.iterdir()] == [IMPORTED]


# The command


def test_how_a_command_ends_is_reported():
    python = f"{sys.executable} -c"
    failed = run_suite(f"{python} 'print(1); print(); exit(3)'")
    endless = run_suite(f"{python} 'import time; time.sleep(60)'", limit=0.2)
    crashed = run_suite(f"{python} 'import os; os.abort()'")

    assert (failed.status, failed.ending) == (3, "exit status 3\n1")
    assert endless.ending == "takes longer than 0 s"
    assert crashed.ending == "is ended by signal 6"
    assert RUN not in failed.noted


def test_code_is_named_by_module_and_name():
    with pytest.raises(ValueError, match="--as must be module:name, got mine"):
        SuiteRequest(load(CAUSAL), "mine", "pytest")
