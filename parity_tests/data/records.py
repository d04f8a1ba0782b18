"""The records of what feeds a model, in the order in which a text goes through it."""

from functools import partial
from typing import Any

import numpy as np

from parity_tests.agreement import as_array
from parity_tests.attention.cases import weight_shapes
from parity_tests.concept import Concept
from parity_tests.convention import NOT_EMPTY
from parity_tests.data import cases, laws, refusals
from parity_tests.data.gradient_yardsticks import gradient_yardsticks
from parity_tests.data.independent import F_EMBEDDING, GPT_DATASET
from parity_tests.law import REPEATABLE, Law
from parity_tests.real_text import embedding_on_text, windows_on_text


def inputs_and_targets(result: list[Any]) -> np.ndarray[Any, Any]:
    """Stack the inputs and the targets of all windows: (2, windows, max_length)."""
    return np.stack([as_array(part) for part in result[:2]])


DATA = (
    Concept(
        path="data/windows",
        class_name="SlidingWindows",
        cases=cases.window_cases(),
        run_reference=cases.windows_of_reference,
        run_torch=cases.windows_of_torch,
        on_text=windows_on_text,
        laws=(
            Law(
                laws.windows_start_a_stride_apart_and_targets_are_one_later,
                for_all=True,
            ),
            REPEATABLE,
            Law(laws.there_are_as_many_windows_as_strides_fit_the_text),
            Law(laws.all_inputs_and_all_targets_are_the_windows_below_each_other),
            Law(laws.at_stride_max_length_every_token_but_the_tail_is_input_once),
            Law(laws.a_negative_number_counts_from_the_end),
            Law(laws.windows_are_views_of_the_text),
        ),
        refusals=refusals.OF_WINDOWS,
        independent=(GPT_DATASET,),
        answer=inputs_and_targets,
    ),
    Concept(
        path="data/embedding",
        class_name="TokenAndPositionEmbedding",
        cases=cases.embedding_cases(),
        run_reference=cases.embed_with_reference,
        run_torch=cases.embed_with_torch,
        on_text=embedding_on_text,
        laws=(
            Law(laws.every_vector_is_that_of_its_token_plus_that_of_its_place),
            Law(
                laws.a_shorter_text_has_the_same_vectors_as_the_start_of_a_longer_one,
                for_all=True,
            ),
            REPEATABLE,
            Law(laws.renumbering_the_vocabulary_changes_nothing),
            Law(laws.without_positions_a_token_has_one_vector_wherever_it_stands),
            Law(laws.it_is_a_one_hot_row_times_the_table),
        ),
        refusals=refusals.OF_EMBEDDINGS,
        independent=(F_EMBEDDING,),
        conventions=(NOT_EMPTY,),
        weights=partial(weight_shapes, "TokenAndPositionEmbedding"),
        gradient_yardsticks=gradient_yardsticks,
        permuted=cases.permuted_embedding,
    ),
)
