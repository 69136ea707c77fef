"""How the syntax tree names functions, types and operators."""

from collections.abc import Iterable

from pglast import ast


def dotted(names: Iterable[ast.Node] | None) -> str:
    """Return the name that a list of strings stands for."""
    return ".".join(str(getattr(name, "sval", "*")) for name in names or ())


def function_name(call: ast.FuncCall) -> str:
    """Return the name of a called function as it is written."""
    return dotted(call.funcname)


def argument_count(call: ast.FuncCall) -> int:
    """Return how many arguments a call passes; 0 for ``count(*)``."""
    return len(call.args or ())


def argument_values(call: ast.FuncCall) -> dict[int | str, ast.Node]:
    """Return the arguments of a call by place, from 0, or by name where it gives one."""
    return {
        argument.name if isinstance(argument, ast.NamedArgExpr) else place: (
            argument.arg if isinstance(argument, ast.NamedArgExpr) else argument
        )
        for place, argument in enumerate(call.args or ())
    }


def constant_text(node: object) -> str | None:
    """Return the text of a string constant, cast or not, or None."""
    while isinstance(node, ast.TypeCast):
        node = node.arg
    if isinstance(node, ast.A_Const) and isinstance(node.val, ast.String):
        return str(node.val.sval)
    return None
