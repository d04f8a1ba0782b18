"""Check an implementation of a pair: agreement, properties, and a diagnosis."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch

from parity_tests.contract.case import Case
from parity_tests.contract.pinned import Pinned
from parity_tests.kit.asking import Request
from parity_tests.kit.checker import Checker
from parity_tests.kit.process import NotRunnableError, Process
from parity_tests.kit.verdict import Verdict

__all__ = ["Request", "check", "check_known_differences"]


def check(request: Request, cases: Iterable[Case] = ()) -> Verdict:
    """Check an implementation on drawn cases, or on the given ones alone."""
    verdict = Verdict(request.pair.path, request.target, strict=request.strict)
    try:
        with one_thread(), Process(request.target, request.time_limit) as process:
            Checker(request, process, verdict).run(list(cases))
    except NotRunnableError as error:
        verdict.not_runnable = str(error)
    return verdict


@contextmanager
def one_thread() -> Iterator[None]:
    """Run PyTorch on one thread: on cases as small as these more only cost time."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def check_known_differences(request: Request, known: Iterable[Pinned]) -> Verdict:
    """Check that an implementation still differs in each of these cases."""
    verdict = Verdict(request.pair.path, request.target)
    for entry in known:
        one = check(request, [entry.case])
        verdict.examples += one.examples
        if one.not_runnable:
            verdict.not_runnable = one.not_runnable
        elif one.agrees:
            verdict.first_difference = f"no longer differs: {entry.reason}"
            verdict.case = entry.case
        else:
            verdict.remarks.append(f"differs as known: {entry.reason}")
    return verdict
