"""The functions and procedures of the sources: signature, settings, body, header comment."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from pglast import ast, enums

from pgflow_build.plpgsql import Block, parse_block
from pgflow_build.sources import SourceError, SourceFile, Statement, Token, scan

_MODES = {
    enums.FunctionParameterMode.FUNC_PARAM_DEFAULT: "in",
    enums.FunctionParameterMode.FUNC_PARAM_IN: "in",
    enums.FunctionParameterMode.FUNC_PARAM_OUT: "out",
    enums.FunctionParameterMode.FUNC_PARAM_INOUT: "inout",
    enums.FunctionParameterMode.FUNC_PARAM_VARIADIC: "variadic",
    enums.FunctionParameterMode.FUNC_PARAM_TABLE: "table",
}


@dataclass(frozen=True)
class Argument:
    """One parameter of a routine. ``mode``: in, out, inout, variadic, or table for RETURNS TABLE."""

    name: str | None
    type: ast.TypeName
    mode: str
    has_default: bool

    @property
    def is_input(self) -> bool:
        """Whether a caller passes it."""
        return self.mode in ("in", "inout", "variadic")


@dataclass(frozen=True)
class Comment:
    """A comment, with its marks, from line ``line`` to line ``last_line`` of its file."""

    text: str
    line: int
    last_line: int

    @cached_property
    def words(self) -> str:
        """What it says, on one line, without the marks."""
        lines = self.text.removeprefix("/*").removesuffix("*/").splitlines()
        return " ".join(" ".join(line.strip().removeprefix("*") for line in lines).split())


@dataclass(frozen=True)
class Routine:
    """One CREATE FUNCTION or CREATE PROCEDURE. Offsets are those of its source file.

    ``body`` is what stands between the quotes, from offset ``body_start`` on. Offsets into a body that is
    quoted with apostrophes and holds some are only near the place.
    """

    source: SourceFile
    statement: Statement
    node: ast.CreateFunctionStmt
    body: str
    body_start: int

    @property
    def schema(self) -> str | None:
        """The schema that is written before its name, or None."""
        return self._names[-2] if len(self._names) > 1 else None

    @property
    def name(self) -> str:
        """Its name, without the schema."""
        return self._names[-1]

    @property
    def full_name(self) -> str:
        """Its name as it is written, with the schema if there is one."""
        return f"{self.schema}.{self.name}" if self.schema else self.name

    @property
    def kind(self) -> str:
        """``FUNCTION`` or ``PROCEDURE``."""
        return "PROCEDURE" if self.node.is_procedure else "FUNCTION"

    @property
    def line(self) -> int:
        """The line of its CREATE."""
        return self.statement.line

    @cached_property
    def arguments(self) -> tuple[Argument, ...]:
        """Its parameters in order."""
        return tuple(
            Argument(p.name, p.argType, _MODES[enums.FunctionParameterMode(p.mode)], p.defexpr is not None)
            for p in self.node.parameters or ()
        )

    @property
    def language(self) -> str:
        """Name of its language, lower case."""
        named = (option.arg for option in self.node.options or () if option.defname == "language")
        return str(next((language.sval for language in named), "sql")).lower()

    @cached_property
    def settings(self) -> dict[str, str]:
        """Its SET clauses: name of the setting, and the value as SET takes it."""
        clauses = [option.arg for option in self.node.options or () if option.defname == "set"]
        return {clause.name: ", ".join(_setting(value) for value in clause.args or ()) for clause in clauses}

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        """The tokens of the body, comments included; offsets count from the beginning of the body."""
        return scan(self.body, self.source.path)

    @cached_property
    def words(self) -> tuple[Token, ...]:
        """The tokens of the body but for comments."""
        return tuple(token for token in self.tokens if not token.is_comment)

    @cached_property
    def header(self) -> Comment | None:
        """The comment that opens the body, or None."""
        if not self.tokens or self.tokens[0].name != "C_COMMENT":
            return None
        token = self.tokens[0]
        return Comment(token.text, self.line_in_body(token.start), self.line_in_body(token.end))

    @cached_property
    def code_start(self) -> int:
        """Offset in the body of the first word behind header, ``#`` options and DECLARE section."""
        for token in self.words:
            if self.language != "plpgsql" or token.text.upper() == "BEGIN":
                return token.start
        return 0

    @cached_property
    def block(self) -> Block:
        """What PL/pgSQL's own parser makes of the body; raises SourceError where it refuses it."""
        try:
            return parse_block(self.node, self.body)
        except ValueError as error:
            raise SourceError(f"{self.source.path}:{self.line}: {self.full_name}: {error}") from None

    def line_in_body(self, offset: int) -> int:
        """Return the line of the file in which the character at ``offset`` of the body stands."""
        return self.source.line_of(self.body_start + offset)

    def line_of_name(self, name: str) -> int:
        """Return the line on which the signature first has ``name``."""
        for token in self.source.tokens:
            if self.statement.start <= token.start < self.body_start and token.text.strip('"') == name:
                return self.source.line_of(token.start)
        return self.line

    def input_counts(self) -> range:
        """Return with how many arguments it can be called; a variadic one counts as any number up to 100."""
        inputs = [argument for argument in self.arguments if argument.is_input]
        least = sum(not argument.has_default for argument in inputs if argument.mode != "variadic")
        most = 100 if any(argument.mode == "variadic" for argument in inputs) else len(inputs)
        return range(least, most + 1)

    @property
    def _names(self) -> list[str]:
        return [str(part.sval) for part in self.node.funcname or ()]


def routines_of(source: SourceFile) -> Iterator[Routine]:
    """Return the routines that a file creates; those without a quoted body (BEGIN ATOMIC) are left out."""
    for statement in source.statements:
        if isinstance(statement.node, ast.CreateFunctionStmt):
            quoted = _quoted_body(source, statement)
            if quoted:
                yield Routine(source, statement, statement.node, *quoted)


def _quoted_body(source: SourceFile, statement: Statement) -> tuple[str, int] | None:
    """Return the body and the offset of its first character."""
    end = statement.start + len(statement.text)
    words = [t for t in source.tokens if statement.start <= t.start < end and not t.is_comment]
    for before, token in pairwise(words):
        if before.name == "AS" and token.name == "SCONST":
            mark = re.match(r"\$\w*\$", token.text)
            if mark:
                return token.text[mark.end() : -mark.end()], token.start + mark.end()
            return token.text.strip("'").replace("''", "'"), token.start + 1
    return None


def _setting(value: ast.Node) -> str:
    constant = value.val if isinstance(value, ast.A_Const) else value
    for attribute in ("sval", "ival", "fval", "boolval"):
        if hasattr(constant, attribute):
            return str(getattr(constant, attribute))
    return type(value).__name__
