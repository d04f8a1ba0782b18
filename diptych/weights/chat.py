"""Write what a user says as the model was trained to read it, by its template."""

from jinja2 import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

BROKEN = (TemplateError, ArithmeticError, AttributeError, LookupError, TypeError)


def in_template(template: str | None, message: str) -> str:
    """Fill a chat template with one message, and begin the answer.

    >>> in_template("{{ messages[0].role }}: {{ messages[0].content }}", "Hi")
    'user: Hi'

    Raises:
        ValueError: there is no template, or a broken one.
    """
    if template is None:
        raise ValueError("the model has no chat template")
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    messages = [{"role": "user", "content": message}]
    try:
        return environment.from_string(template).render(
            messages=messages, add_generation_prompt=True
        )
    except BROKEN as error:
        raise ValueError(f"the chat template is broken: {error}") from None
