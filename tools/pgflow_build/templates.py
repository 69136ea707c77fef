"""Renders the templates of ``templates/``: all that the generated scripts hold beside the sources."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def render(template: str, **values: Any) -> str:
    """Return the text of a template; a name that it uses and that is not among ``values`` is an error."""
    return _environment().get_template(template).render(**values)


def literal(text: str) -> str:
    """Return ``text`` as a string constant of SQL; the filter ``literal`` of the templates."""
    return "'" + text.replace("'", "''") + "'"


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.filters["literal"] = literal
    return environment
