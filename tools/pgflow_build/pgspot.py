"""Has pgspot look for what a hostile user of the database could abuse in the scripts of build/.

It looks for names and operators in place of which somebody else's could be found, and for objects that
somebody could make before the script does. The scripts are read in the order in which they run. pgspot's own
reader of PL/pgSQL stops at fields of composite variables and skips some statements (RETURN QUERY, ELSIF), so
it is given the expressions of each body instead. What is accepted: pgspot_allowed.toml.
"""

import re
from argparse import Namespace
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pglast import ast, parser
from pgspot.codes import codes  # type: ignore[import-untyped]
from pgspot.state import Counter, State  # type: ignore[import-untyped]
from pgspot.visitors import SQLVisitor, visit_sql  # type: ignore[import-untyped]

from pgflow_build.allowed import read_allowed, without_allowed
from pgflow_build.finding import Finding
from pgflow_build.manifest import EXTENSIONS
from pgflow_build.plpgsql import Expression, parse_block
from pgflow_build.routine_index import RoutineIndex

RULE = "pgspot"
ALLOWED = "tools/pgflow_build/pgspot_allowed.toml"

_OPTIONS = {"ignore": (), "ignore_lang": (), "proc_without_search_path": (), "sql_fn": ()}
_BEFORE_STATEMENT = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/)*", re.DOTALL)
_TARGET = re.compile(r"^.*?:?=", re.DOTALL)
_NO_ARGUMENTS = parser.parse_sql("CREATE PROCEDURE p() LANGUAGE plpgsql AS ''")[0].stmt
_STATEMENT, _TYPE, _EXPRESSION = 0, 1, 2
"""Values of Expression.mode; above are assignments."""


def run(root: Path) -> list[Finding]:
    """Return what pgspot has against the scripts in ``build/`` of the work tree ``root``."""
    inspector = _Inspector(RoutineIndex(root))
    for script in scripts(root):
        inspector.read(f"build/{script.name}", script.read_text(encoding="utf-8"))
    return without_allowed(inspector.found, read_allowed(root / ALLOWED), RULE, ALLOWED)


def scripts(root: Path) -> list[Path]:
    """Return the scripts of build/ in the order in which they run: each extension's own, then its updates."""
    return [
        script
        for name in EXTENSIONS
        for script in sorted(
            (root / "build").glob(f"{name}--*.sql"), key=lambda s: (s.name.count("--"), s.name)
        )
    ]


class _Inspector(Counter):  # type: ignore[misc]
    """Collects what pgspot says, each at the place that is being read."""

    def __init__(self, index: RoutineIndex) -> None:
        super().__init__(Namespace(summary_only=True, plpgsql=False, **_OPTIONS))
        self.found: list[Finding] = []
        self._index = index
        self._state = State(self)
        self._path = ""
        self._line = 0

    def warn(self, code: str, context: str) -> None:
        self.found.append(Finding(self._path, self._line, RULE, f"{code} {codes[code]['title']}: {context}"))

    error = warn

    def unknown(self, message: str) -> None:
        self.found.append(Finding(self._path, self._line, RULE, message))

    def read(self, path: str, script: str) -> None:
        """Read one script; what scripts before it have made is known."""
        text = re.sub(r"^\\", "--", script, flags=re.MULTILINE)
        for statement in parser.parse_sql(text):
            before = _BEFORE_STATEMENT.match(text, statement.stmt_location)
            assert before is not None
            self._path, self._line = path, text.count("\n", 0, before.end()) + 1
            try:
                if isinstance(statement.stmt, ast.CreateFunctionStmt):
                    self._read_routine(statement)
                elif isinstance(statement.stmt, ast.DoStmt):
                    body = _options(statement.stmt.args, "as")[0].sval
                    self._read_body(_NO_ARGUMENTS, body, self._line, self._state)
                else:
                    SQLVisitor(self._state)(statement)
            except (ValueError, parser.ParseError) as error:
                self.unknown(f"cannot be read: {error}")

    def _read_routine(self, statement: ast.RawStmt) -> None:
        """Read a routine's signature and body; pgspot itself reads those in SQL with the signature."""
        node: Any = statement.stmt
        (body,) = (part.sval for part in _options(node.options, "as")[0])
        schema, name = (part.sval for part in node.funcname)
        routine = self._index.find(schema, name, body)
        first = self._line
        if routine is not None:
            self._path, self._line, first = self._index.path(routine), routine.line, routine.line_in_body(0)
        SQLVisitor(self._state)(statement)
        if _options(node.options, "language")[0].sval == "plpgsql":
            state = State(self)
            settings = [setting for setting in _options(node.options, "set") if setting.name == "search_path"]
            state.searchpath_secure = any(state.is_secure_searchpath(setting) for setting in settings)
            self._read_body(node, body, first, state)

    def _read_body(self, node: ast.CreateFunctionStmt, body: str, first: int, state: Any) -> None:
        """Read a PL/pgSQL body, whose opening quotes are in line ``first`` of the file."""
        for expression in parse_block(node, body).expressions:
            if expression.mode != _TYPE:
                self._line = first + expression.line - 1
                visit_sql(state, _statement(expression))


def _options(options: Iterable[Any] | None, name: str) -> list[Any]:
    """Return the arguments of all options ``name`` of CREATE FUNCTION or DO."""
    return [option.arg for option in options or () if option.defname == name]


def _statement(expression: Expression) -> str:
    """Return the expression as a statement that SQL's grammar takes."""
    if expression.mode == _STATEMENT:
        return expression.text
    if expression.mode == _EXPRESSION:
        return f"SELECT {expression.text}"
    return "SELECT " + _TARGET.sub("", expression.text, count=1)
