"""The records of attention, from the simplest variant to the one that GPT-2 has."""

from functools import partial
from typing import Any

import reference
from parity_tests.attention import (
    causal_laws,
    dropout_laws,
    head_laws,
    independent,
    laws,
    open_laws,
    projection_laws,
)
from parity_tests.attention.bounds import bounds
from parity_tests.attention.cases import (
    attention_cases,
    run_reference,
    run_torch,
    weight_shapes,
)
from parity_tests.attention.conventions import IN_OUT, MASK_DROPS, PACKED, square
from parity_tests.attention.gradient_yardsticks import gradient_yardsticks
from parity_tests.attention.permuting import permuted
from parity_tests.attention.refusals import (
    BAD_CONTEXTS,
    BAD_DROPOUTS,
    BAD_HEADS,
    BAD_INPUTS,
    BAD_SIZES,
    NO_ARRAY,
    NO_TIME,
    TOO_LONG,
    UNEVEN_HEADS,
    WHOLE_NUMBERS,
    refused,
)
from parity_tests.concept import Concept
from parity_tests.convention import NOT_EMPTY
from parity_tests.law import REPEATABLE, Law
from parity_tests.real_text import attention_on_text

WEIGHTS = (Law(laws.weights_sum_to_one), Law(laws.no_weight_is_negative))
PROJECTED = (
    *WEIGHTS,
    Law(laws.a_context_lies_between_the_values),
    Law(projection_laws.a_query_of_zero_weighs_all_it_sees_alike),
    Law(projection_laws.what_queries_gain_keys_may_lose),
    Law(projection_laws.twice_the_values_give_twice_the_context),
)
OPEN = (Law(open_laws.permuting_the_tokens_permutes_the_contexts, for_all=True),)
MASKED = (
    Law(causal_laws.the_future_has_no_influence_on_the_past, for_all=True),
    Law(causal_laws.a_prefix_has_the_contexts_it_has_in_the_text),
    Law(causal_laws.the_order_of_the_past_is_nothing_to_the_last_token),
    Law(causal_laws.a_longer_context_changes_nothing),
    Law(projection_laws.a_constant_added_to_every_key_changes_nothing),
    Law(dropout_laws.evaluation_ignores_dropout),
    Law(dropout_laws.dropping_everything_leaves_no_context),
)
MASKED_SIZES = [*BAD_SIZES, *BAD_CONTEXTS, *BAD_DROPOUTS]
MASKED_INPUTS = [*BAD_INPUTS, *TOO_LONG]
CAUSAL_CASES = attention_cases("CausalAttention")


def laws_of_all(class_name: str) -> tuple[Law, ...]:
    """Record what every variant obeys."""
    nothing = laws.cases_of_nothing(class_name, getattr(reference, class_name))
    return (
        Law(laws.a_text_does_not_see_the_rest_of_its_batch, for_all=True),
        REPEATABLE,
        Law(laws.the_input_is_left_as_it_was),
        Law(laws.the_result_has_the_dtype_of_the_input),
        Law(laws.nothing_gives_nothing, nothing),
    )


def variant(
    name: str, class_name: str, own: tuple[Law, ...], *supports: str, **fields: Any
) -> Concept:
    """Record a variant: its own laws and fields, and what every variant has."""
    return Concept(
        path=f"attention/{name}",
        class_name=class_name,
        cases=attention_cases(class_name),
        run_reference=run_reference,
        run_torch=run_torch,
        on_text=attention_on_text(class_name),
        laws=(*own, *laws_of_all(class_name)),
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
        "SimpleSelfAttention",
        (
            *WEIGHTS,
            *OPEN,
            Law(open_laws.two_tokens_score_each_other_alike),
            Law(open_laws.a_context_lies_between_the_tokens),
            Law(open_laws.a_token_on_its_own_is_its_own_context),
            Law(open_laws.permuting_the_channels_permutes_those_of_the_contexts),
            Law(
                open_laws.the_mirror_image_of_a_text_has_the_mirror_image_of_its_contexts
            ),
        ),
        refusals=refused(
            reference.SimpleSelfAttention, inputs=[*NO_ARRAY, *NO_TIME, *WHOLE_NUMBERS]
        ),
        independent=(independent.SIMPLE,),
        conventions=(NOT_EMPTY,),
    ),
    variant(
        "self_attention_v1",
        "SelfAttentionV1",
        (
            *PROJECTED,
            *OPEN,
            Law(
                open_laws.with_weights_of_one_and_the_scale_undone_it_is_simple_attention,
                attention_cases("SimpleSelfAttention"),
            ),
        ),
        refusals=refused(reference.SelfAttentionV1, BAD_SIZES, BAD_INPUTS),
        independent=(independent.V1,),
        conventions=(square("SelfAttentionV1"), NOT_EMPTY),
    ),
    variant(
        "self_attention_v2",
        "SelfAttentionV2",
        (
            *PROJECTED,
            *OPEN,
            Law(projection_laws.a_constant_added_to_every_key_changes_nothing),
            Law(
                open_laws.it_is_version_one_with_its_weights_transposed,
                attention_cases("SelfAttentionV1"),
            ),
        ),
        refusals=refused(reference.SelfAttentionV2, BAD_SIZES, BAD_INPUTS),
        independent=(independent.V2,),
        conventions=(square("SelfAttentionV2"), NOT_EMPTY, PACKED, IN_OUT),
    ),
    variant(
        "causal",
        "CausalAttention",
        (
            *PROJECTED,
            *MASKED,
            Law(causal_laws.the_first_token_sees_itself_alone),
            Law(causal_laws.no_weight_falls_on_the_future),
            Law(dropout_laws.what_dropout_spares_is_scaled_up),
            Law(
                causal_laws.a_token_sees_what_attention_without_a_mask_sees_of_its_prefix
            ),
        ),
        "causal",
        "dropout",
        refusals=refused(reference.CausalAttention, MASKED_SIZES, MASKED_INPUTS),
        independent=(independent.CAUSAL,),
        conventions=(square("CausalAttention"), NOT_EMPTY, PACKED, IN_OUT, MASK_DROPS),
    ),
    variant(
        "multi_head_wrapper",
        "MultiHeadAttentionWrapper",
        (
            *PROJECTED,
            *MASKED,
            Law(head_laws.a_head_knows_nothing_of_the_others),
            Law(head_laws.permuting_the_heads_permutes_what_they_found),
            Law(head_laws.one_head_is_causal_attention, CAUSAL_CASES),
        ),
        "causal",
        "dropout",
        refusals=refused(
            reference.MultiHeadAttentionWrapper,
            [*MASKED_SIZES, *BAD_HEADS],
            MASKED_INPUTS,
        ),
        independent=(independent.WRAPPER,),
        conventions=(
            square("MultiHeadAttentionWrapper"),
            NOT_EMPTY,
            IN_OUT,
            MASK_DROPS,
        ),
    ),
    variant(
        "multi_head",
        "MultiHeadAttention",
        (
            *PROJECTED,
            *MASKED,
            Law(dropout_laws.dropping_everything_leaves_the_bias_of_the_output),
            Law(dropout_laws.what_dropout_spares_is_scaled_up),
            Law(head_laws.one_head_knows_nothing_of_another),
            Law(head_laws.the_order_of_the_heads_is_nothing_to_the_output),
            Law(head_laws.one_head_is_causal_attention_and_a_projection, CAUSAL_CASES),
            Law(
                head_laws.stacked_heads_are_the_wrapper,
                attention_cases("MultiHeadAttentionWrapper"),
            ),
        ),
        "causal",
        "dropout",
        refusals=refused(
            reference.MultiHeadAttention,
            [*MASKED_SIZES, *BAD_HEADS, *UNEVEN_HEADS],
            MASKED_INPUTS,
        ),
        independent=(independent.MULTI_HEAD,),
        conventions=(
            square("MultiHeadAttention"),
            NOT_EMPTY,
            PACKED,
            IN_OUT,
            MASK_DROPS,
        ),
    ),
)
