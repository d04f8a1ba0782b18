"""RMSNorm: its properties, rejections and oracles."""

import torch
from transformers.models.llama import modeling_llama

from parity_tests.contract.case import Case
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.norms.shared import (
    OF_ALL,
    norm_cases,
    norm_examples,
    norm_on_text,
    norm_rejected,
)
from parity_tests.oracles.float64 import in_float64

PATH = "norms/rms_norm"


def llama(case: Case) -> torch.Tensor:
    """Run the RMSNorm of transformers' Llama, in float64 where the case is."""
    theirs = modeling_llama.LlamaRMSNorm(case.config["dim"], case.config["eps"])
    theirs.weight.data = torch.from_numpy(case.parameters["weight"])
    x = torch.from_numpy(case.inputs["x"])
    if case.dtype == "float32":
        return theirs(x)
    with in_float64(modeling_llama):
        return theirs(x)


PAIR = Pair(
    path=PATH,
    cases=norm_cases(PATH),
    properties=OF_ALL,
    rejections=norm_rejected(),
    oracles=(Oracle("transformers’ LlamaRMSNorm", llama),),
    on_text=norm_on_text(PATH),
    examples=norm_examples(PATH),
)


class TestRMSNorm(PairTests):
    """All that is asked of every pair."""

    pair = PAIR
