"""Random graphs, run by the engine, must end as the reference model says: states, effects, order.

One database, one orchestrator and one client a major serve all examples; each example is a flow of its own.
The examples are the same in every run unless PGFLOW_SEED names another seed; PGFLOW_EXAMPLES sets how many
there are in the long tests, PGFLOW_SHRINK=1 makes a failing graph smaller before it is shown, in minutes.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st

from tests.model import work
from tests.model.graphs import SMALL, graphs
from tests.model.model import ASYNCHRONOUS, Graph, Outcome, outcome
from tests.support.pool import CLIENT_TEMPLATE
from tests.support.promises import StuckError
from tests.support.wait import ENDED, describe_run, run_state, until

SEED = int(os.environ.get("PGFLOW_SEED", "20260923"))
EXAMPLES = int(os.environ.get("PGFLOW_EXAMPLES", "40"))
FEW = 5
"""Examples on every major, also where long tests do not run."""
PHASES = [Phase.generate] + ([Phase.shrink] if os.environ.get("PGFLOW_SHRINK") else [])
TARGETS = ("self", "client", f"self{ASYNCHRONOUS}", f"client{ASYNCHRONOUS}")

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
tokens = itertools.count()


@pytest.fixture
def databases(db: Any, client_db: Any, server: Any, servers: Any, orchestrator: Any) -> Iterator[list[Any]]:
    """A server, and two clients of it, all with the callbacks. One client, and a second name of the server,
    finish asynchronously."""
    patient_db = servers.clone(server, CLIENT_TEMPLATE)
    work.prepare(db, client_db, patient_db)
    more = {"max_concurrency": 4}
    waiting = more | {"asynchronous_finish": True}
    targets = [
        {"target": "client", "connection_string": client_db.conninfo} | more,
        {"target": f"self{ASYNCHRONOUS}", "connection_string": db.conninfo} | waiting,
        {"target": f"client{ASYNCHRONOUS}", "connection_string": patient_db.conninfo} | waiting,
    ]
    db.execute("SELECT async.configure(%s)", (json.dumps({"targets": targets}),))
    print(f"PGFLOW_SEED={SEED} PGFLOW_EXAMPLES={EXAMPLES}")
    yield [db, client_db, patient_db]
    patient_db.drop()


def start(databases: list[Any], graph: Graph, name: str) -> int:
    """Start a run of the flow ``name``, which has been configured as the graph."""
    token = str(next(tokens))
    work.make_sequences(graph, token, *databases)
    only = None if graph.only is None else sorted(graph.only)
    return work.run(databases[0], name, work.arguments(graph, token), only)


def finish(databases: list[Any], graph: Graph, flow_id: int, timeout: float = 60) -> str:
    """Answer what waits for an answer until the run has ended; return its state."""
    db = databases[0]

    def ended() -> bool:
        work.answer(len(graph.nodes) > SMALL, *databases)
        return run_state(db, flow_id) in ENDED

    try:
        until(ended, timeout, f"run {flow_id} has ended", pause=0.05)
    except StuckError as error:
        raise StuckError(f"{error}\n{describe_run(db, flow_id)}") from None
    return run_state(db, flow_id) or ""


def compare(databases: list[Any], graph: Graph, flow_id: int) -> None:
    """Compare all that can be seen of a run that has ended with the model."""
    expected = outcome(graph)
    rows = work.done(flow_id, *databases)
    work.check_effects(rows, expected)
    work.check_states(databases[0], flow_id, expected)
    work.check_order(rows, graph)
    pushed = frozenset((push.to, step.key) for push in graph.pushes for step in push.steps)
    work.check_own_first(rows, pushed)


def run_and_compare(databases: list[Any], graph: Graph) -> None:
    """Run ``graph`` to its end and compare it with the model."""
    name = next(flow_names)
    work.configure(databases[0], name, work.configuration(graph))
    flow_id = start(databases, graph, name)
    finish(databases, graph, flow_id)
    compare(databases, graph, flow_id)


@settings(bounded, max_examples=FEW)
@seed(SEED)
@given(graph=graphs(TARGETS))
def test_a_few_random_graphs(databases: list[Any], graph: Graph) -> None:
    run_and_compare(databases, graph)


@pytest.mark.long
@bounded
@seed(SEED)
@given(graph=graphs(TARGETS))
def test_random_graphs_end_as_the_model_says(databases: list[Any], graph: Graph) -> None:
    run_and_compare(databases, graph)


@pytest.mark.long
@settings(bounded, max_examples=max(1, EXAMPLES // 4))
@seed(SEED)
@given(graph=graphs(TARGETS), chosen=st.randoms(use_true_random=False))
def test_part_of_a_graph_ends_as_the_model_says(databases: list[Any], graph: Graph, chosen: Any) -> None:
    """With only_these_nodes the others are SKIPPED, count as finished, and the order holds across them."""
    only = frozenset(node.name for node in graph.nodes if chosen.random() < 0.6) or frozenset(
        {graph.nodes[0].name}
    )
    # A push to a node that is skipped is a call that makes no sense there; the model does not speak of it.
    pushes = tuple(push for push in graph.pushes if push.to in only)
    run_and_compare(databases, Graph(graph.nodes, pushes, only, graph.courses))


@pytest.mark.long
@settings(bounded, max_examples=max(1, EXAMPLES // 8))
@seed(SEED)
@given(shapes=st.lists(graphs(TARGETS), min_size=2, max_size=4))
def test_runs_at_the_same_time_do_not_touch_each_other(databases: list[Any], shapes: list[Graph]) -> None:
    """Several flows, the first of them twice, all open at once."""
    db = databases[0]
    started: list[tuple[int, Graph]] = []
    db.execute("SELECT async.pause()")
    for graph in shapes:
        name = next(flow_names)
        work.configure(db, name, work.configuration(graph))
        started += [(start(databases, graph, name), graph) for _ in range(2 if not started else 1)]
    db.execute("SELECT async.resume()")
    for flow_id, graph in started:
        finish(databases, graph, flow_id, 120)
        compare(databases, graph, flow_id)


@pytest.mark.long
@settings(bounded, max_examples=max(1, EXAMPLES // 4))
@seed(SEED)
@given(graph=graphs(TARGETS), share=st.floats(0, 1))
def test_a_canceled_run_ends_and_does_nothing_more(databases: list[Any], graph: Graph, share: float) -> None:
    """Canceled when a share of its work is done: what took effect is what would have, and no more follows."""
    db = databases[0]
    name = next(flow_names)
    work.configure(db, name, work.configuration(graph))
    expected = outcome(graph)
    flow_id = start(databases, graph, name)
    enough = int(share * len(expected.once))

    def is_time() -> bool:
        work.answer(len(graph.nodes) > SMALL, *databases)
        return len(work.done(flow_id, *databases)) >= enough or run_state(db, flow_id) in ENDED

    until(is_time, 60, f"{enough} callbacks have done their work")
    with contextlib.suppress(psycopg.Error):  # it has ended
        db.execute("SELECT flow.cancel(%s)", (flow_id,))
    state = finish(databases, graph, flow_id)
    rows = work.done(flow_id, *databases)
    work.check_effects(rows, Outcome(maybe=expected.once | expected.maybe, times=expected.times))
    work.check_order(rows, graph)
    states = work.node_states(db, flow_id)
    assert {states[node] for node in states} <= {"FINISHED", "FAILED", "TIMED_OUT", "DOA", "CANCELED"}
    assert state in ("CANCELED", expected.run)
    assert all(states[node] in ("CANCELED", end) for node, end in expected.nodes.items()), states
    open_tasks = "SELECT count(*)::INT FROM flow.v_flow_task WHERE flow_id = %s AND processed IS NULL"
    assert db.value(open_tasks, (flow_id,)) == 0
