"""The records of attention, from the simplest variant to the one that GPT-2 has."""

from functools import partial
from inspect import signature
from typing import Any

import reference
from parity_tests.attention import causal_laws as causal
from parity_tests.attention import conventions as known
from parity_tests.attention import dropout_laws as dropout
from parity_tests.attention import head_laws as heads
from parity_tests.attention import independent, open_laws, refusals
from parity_tests.attention.bounds import bounds
from parity_tests.attention.cases import (
    attention_cases,
    run_reference,
    run_torch,
    weight_shapes,
)
from parity_tests.attention.gradient_yardsticks import gradient_yardsticks
from parity_tests.attention.laws import WEIGHTS, laws_of_all
from parity_tests.attention.permuting import permuted
from parity_tests.attention.projection_laws import LINEAR, PROJECTED
from parity_tests.concept import Concept
from parity_tests.convention import NOT_EMPTY, Convention
from parity_tests.law import Law
from parity_tests.real_text import attention_on_text

MASKED = (*LINEAR, *causal.MASKED, *dropout.DROPPED)
CAUSAL_CASES = attention_cases("CausalAttention")
WRAPPER_CASES = attention_cases("MultiHeadAttentionWrapper")
MASKS = ("causal", "dropout")  # what attention with a mask supports


def variant(
    name: str,
    class_: type,
    laws: tuple[Law, ...],
    refused: tuple[list[Any], list[Any]],
    layouts: tuple[Convention, ...] = (),
    supports: tuple[str, ...] = (),
    **fields: Any,
) -> Concept:
    """Record a variant: its own laws and fields, and what every variant has.

    `refused` are arguments of the constructor, and inputs.
    """
    class_name = class_.__name__
    square = [known.square(class_)] if "d_in" in signature(class_).parameters else []
    return Concept(
        path=f"attention/{name}",
        class_name=class_name,
        cases=attention_cases(class_name),
        run_reference=run_reference,
        run_torch=run_torch,
        on_text=attention_on_text(class_name),
        laws=(*laws, *laws_of_all(class_)),
        refusals=refusals.refused(class_, *refused),
        conventions=(*square, NOT_EMPTY, *layouts),
        supports=frozenset({"leading_axes", *supports}),
        weights=partial(weight_shapes, class_name),
        bounds=bounds,
        gradient_yardsticks=gradient_yardsticks,
        permuted=permuted,
        **fields,
    )


ATTENTION = (
    variant(
        "simple",
        reference.SimpleSelfAttention,
        (*WEIGHTS, *open_laws.SIMPLE),
        ([], refusals.NO_TEXTS),
        independent=(independent.SIMPLE,),
    ),
    variant(
        "self_attention_v1",
        reference.SelfAttentionV1,
        (*PROJECTED, *open_laws.OPEN, open_laws.V1_IS_SIMPLE),
        (refusals.BAD_SIZES, refusals.BAD_INPUTS),
        independent=(independent.V1,),
    ),
    variant(
        "self_attention_v2",
        reference.SelfAttentionV2,
        (*LINEAR, *open_laws.OPEN, open_laws.V2_IS_V1),
        (refusals.BAD_SIZES, refusals.BAD_INPUTS),
        (known.PACKED, known.IN_OUT),
        independent=(independent.V2,),
    ),
    variant(
        "causal",
        reference.CausalAttention,
        (
            *MASKED,
            Law(causal.the_first_token_sees_itself_alone),
            Law(causal.no_weight_falls_on_the_future),
            Law(dropout.what_dropout_spares_is_scaled_up),
            Law(causal.a_token_sees_what_attention_without_a_mask_sees_of_its_prefix),
        ),
        (refusals.MASKED_SIZES, refusals.MASKED_INPUTS),
        (known.PACKED, known.IN_OUT, known.MASK_DROPS),
        MASKS,
        independent=(independent.CAUSAL,),
    ),
    variant(
        "multi_head_wrapper",
        reference.MultiHeadAttentionWrapper,
        (
            *MASKED,
            Law(heads.a_head_knows_nothing_of_the_others),
            Law(heads.permuting_the_heads_permutes_what_they_found),
            Law(heads.one_head_is_causal_attention, CAUSAL_CASES),
        ),
        (refusals.HEADED_SIZES, refusals.MASKED_INPUTS),
        (known.IN_OUT, known.MASK_DROPS),
        MASKS,
        independent=(independent.WRAPPER,),
    ),
    variant(
        "multi_head",
        reference.MultiHeadAttention,
        (
            *MASKED,
            Law(dropout.dropping_everything_leaves_the_bias_of_the_output),
            Law(dropout.what_dropout_spares_is_scaled_up),
            Law(heads.one_head_knows_nothing_of_another),
            Law(heads.the_order_of_the_heads_is_nothing_to_the_output),
            Law(heads.one_head_is_causal_attention_and_a_projection, CAUSAL_CASES),
            Law(heads.stacked_heads_are_the_wrapper, WRAPPER_CASES),
        ),
        ([*refusals.HEADED_SIZES, *refusals.UNEVEN_HEADS], refusals.MASKED_INPUTS),
        (known.PACKED, known.IN_OUT, known.MASK_DROPS),
        MASKS,
        independent=(independent.MULTI_HEAD,),
    ),
)
