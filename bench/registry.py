"""The rows of the table, by the name that the command line takes. Each measures and returns its results."""

from collections.abc import Callable

from bench.options import Options
from bench.results import Result
from bench.rows.chain import chain
from bench.rows.fan import fan
from bench.rows.graph import graph
from bench.rows.held_transaction import held_transaction
from bench.rows.history import history
from bench.rows.idle import idle
from bench.rows.installs import installs
from bench.rows.killed import killed
from bench.rows.latency import latency
from bench.rows.memory import memory
from bench.rows.slow_step import slow_step
from bench.rows.steps import steps
from bench.rows.workflows import workflows
from bench.scene import Scene

Row = Callable[[Scene, Options], list[Result]]

ROWS: dict[str, Row] = {
    "steps": steps,
    "latency": latency,
    "chain": chain,
    "fan": fan,
    "graph": graph,
    "history": history,
    "held": held_transaction,
    "slow": slow_step,
    "memory": memory,
    "workflows": workflows,
    "idle": idle,
    "killed": killed,
    "installs": installs,
}
EVERY_MAJOR = frozenset({"installs"})
"""Rows that measure every major at once, whichever one is chosen."""
