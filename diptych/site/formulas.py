"""Formulas as MathML, so that they can be read where no script runs."""

from functools import cache

from latex2mathml.converter import convert
from markupsafe import Markup


@cache
def mathml(tex: str) -> Markup:
    r"""Turn TeX into MathML; KaTeX draws it again, more finely, where it can.

    >>> print(mathml("a^2"))
    <math ...><msup><mi>a</mi><mn>2</mn></msup></mrow></math>
    """
    return Markup(convert(tex))
