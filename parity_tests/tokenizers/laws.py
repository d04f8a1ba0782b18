"""Laws of tokenizers that any implementation of them must obey."""

from parity_tests.agreement import Agreement, compare
from parity_tests.case import Case
from parity_tests.law import Asked


def decoding_undoes_encoding(side: Asked, case: Case) -> Agreement:
    """A text comes back as it was; a character that was not learned is `<|unk|>`."""
    known = {*case.inputs["corpus"]} if case.config.get("unknown") else None
    expected = "".join(
        character if known is None or character in known else "<|unk|>"
        for character in case.inputs["text"]
    )
    _, decoded = side(case)
    return compare(expected, decoded)
