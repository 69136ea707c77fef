"""Random graphs, run by the engine, must end as the reference model says: states, effects, order.

One database, one orchestrator and one client a major serve all examples; each example is a flow of its own.
The examples are the same in every run unless PGFLOW_SEED names another seed; PGFLOW_EXAMPLES sets how many
there are in the long tests, PGFLOW_SHRINK=1 makes a failing graph smaller before it is shown, in minutes.
"""

from __future__ import annotations

import itertools
import json
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st

from tests.model import work
from tests.model.graphs import graphs
from tests.model.model import Graph, outcome
from tests.support.wait import wait_run

SEED = int(os.environ.get("PGFLOW_SEED", "20260923"))
EXAMPLES = int(os.environ.get("PGFLOW_EXAMPLES", "40"))
FEW = 8
"""Examples on every major, also where long tests do not run."""
PHASES = [Phase.generate] + ([Phase.shrink] if os.environ.get("PGFLOW_SHRINK") else [])
TARGETS = ("self", "client")

bounded = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    phases=PHASES,
    verbosity=Verbosity.normal,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
flow_names = (f"random_{number}" for number in itertools.count())


@pytest.fixture
def two_databases(db: Any, client_db: Any, orchestrator: Any) -> tuple[Any, Any]:
    """A server and a client that is its target ``client``, both with the callbacks."""
    work.prepare(db, client_db)
    target = {"target": "client", "connection_string": client_db.conninfo, "max_concurrency": 4}
    db.execute("SELECT async.configure(%s)", (json.dumps({"targets": [target]}),))
    print(f"PGFLOW_SEED={SEED} PGFLOW_EXAMPLES={EXAMPLES}")
    return db, client_db


def run_and_compare(db: Any, client_db: Any, graph: Graph) -> None:
    """Run ``graph`` to its end and compare all that can be seen of it with the model."""
    name = next(flow_names)
    work.configure(db, name, work.configuration(graph))
    only = None if graph.only is None else sorted(graph.only)
    flow_id = work.run(db, name, work.arguments(graph), only)
    wait_run(db, flow_id, 60)
    expected = outcome(graph)
    rows = work.done(flow_id, db, client_db)
    work.check_effects(rows, expected)
    work.check_states(db, flow_id, expected)
    work.check_order(rows, graph)
    work.check_own_first(rows)


@settings(bounded, max_examples=FEW)
@seed(SEED)
@given(graph=graphs(TARGETS))
def test_a_few_random_graphs(two_databases: tuple[Any, Any], graph: Graph) -> None:
    run_and_compare(*two_databases, graph)


@pytest.mark.long
@bounded
@seed(SEED)
@given(graph=graphs(TARGETS))
def test_random_graphs_end_as_the_model_says(two_databases: tuple[Any, Any], graph: Graph) -> None:
    run_and_compare(*two_databases, graph)


@pytest.mark.long
@settings(bounded, max_examples=max(1, EXAMPLES // 4))
@seed(SEED)
@given(graph=graphs(TARGETS), chosen=st.randoms(use_true_random=False))
def test_part_of_a_graph_ends_as_the_model_says(
    two_databases: tuple[Any, Any], graph: Graph, chosen: Any
) -> None:
    """With only_these_nodes the others are SKIPPED, count as finished, and the order holds across them."""
    only = frozenset(node.name for node in graph.nodes if chosen.random() < 0.6) or frozenset(
        {graph.nodes[0].name}
    )
    # A push to a node that is skipped is a call that makes no sense there; the model does not speak of it.
    pushes = tuple(push for push in graph.pushes if push.to in only)
    run_and_compare(*two_databases, Graph(graph.nodes, pushes, only))


@pytest.mark.long
@settings(bounded, max_examples=max(1, EXAMPLES // 4))
@seed(SEED)
@given(shapes=st.lists(graphs(TARGETS), min_size=2, max_size=4))
def test_runs_at_the_same_time_do_not_touch_each_other(
    two_databases: tuple[Any, Any], shapes: list[Graph]
) -> None:
    """Several flows, the first of them twice, all open at once."""
    db, client_db = two_databases
    started: list[tuple[int, Graph]] = []
    db.execute("SELECT async.pause()")
    for graph in shapes:
        name = next(flow_names)
        work.configure(db, name, work.configuration(graph))
        started += [
            (work.run(db, name, work.arguments(graph)), graph) for _ in range(2 if not started else 1)
        ]
    db.execute("SELECT async.resume()")
    for flow_id, graph in started:
        wait_run(db, flow_id, 120)
        rows = work.done(flow_id, db, client_db)
        work.check_effects(rows, outcome(graph))
        work.check_states(db, flow_id, outcome(graph))
        work.check_order(rows, graph)
