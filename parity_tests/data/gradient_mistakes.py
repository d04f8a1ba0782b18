"""Mistakes that are made in the backward of an embedding, each a patch."""

from parity_tests.known_mistakes.mistake import Place, known

ROWS = {"data/embedding": "primitives/embedding.py"}
SUM = {"data/embedding": "data/embedding.py"}

GRADIENT_MISTAKES = (
    *known(
        "grad-ids-assigned",
        "An id that came twice gets the gradient of its last place",
        "Gradients are assigned where they should be accumulated.",
        Place(
            ROWS,
            "np.add.at(grad_weight, ids, grad_output)",
            "grad_weight[ids] = grad_output",
        ),
    ),
    *known(
        "grad-ids-buffered",
        "`grad[ids] += …` adds once for each id",
        "NumPy buffers an indexed sum: of equal ids one is added, the rest is lost.",
        Place(
            ROWS,
            "np.add.at(grad_weight, ids, grad_output)",
            "grad_weight[ids] += grad_output",
        ),
    ),
    *known(
        "grad-positions-averaged",
        "Positions get the average over texts",
        "What was broadcast on the way forward is summed on the way back.",
        Place(
            SUM,
            "grad_output.sum(axis=texts)",
            "grad_output.sum(axis=texts) / max(len(grad_output), 1)",
        ),
    ),
    *known(
        "grad-positions-of-one-text",
        "Positions get the gradient of the last text alone",
        "An assignment in a loop over texts where a sum is meant.",
        Place(
            SUM,
            "grad_output.sum(axis=texts)",
            "grad_output[-1:].sum(axis=texts) if texts else grad_output",
        ),
    ),
)
