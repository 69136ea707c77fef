"""What stays within bounds however long the engine works: WAL, memory, tables, what is kept and logged."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from bench.rows.memory import own_memory
from tests.model import work
from tests.model.work import Gate, configure, node_states, procedure
from tests.server.faults.sabotage import Change, change, rotate_after
from tests.support.consistency import check_consistency
from tests.support.wait import until, wait_run

WAL_OF_A_STEP = 1500
"""Bytes of WAL that a step may cost: its task, receipt and result with their indexes, its commit, and about
100 that the step itself writes here."""
PIECE = 5000
"""Most rows that one transaction removes from one table."""

MIXED = """
  IF (_args).step_arguments ->> 'step' LIKE 'bad%' THEN
    RAISE EXCEPTION 'told to fail' USING ERRCODE = 'XX123';
  ELSIF (_args).step_arguments ->> 'step' LIKE 'late%' AND NOT EXISTS (
    SELECT FROM work.done d
    WHERE d.flow_id = (_args).flow_id AND d.step = (_args).step_arguments ->> 'step') THEN
    CALL flow.defer(_args, '1 ms');
  END IF;
  CALL work.run(_args);
"""


@pytest.fixture
def flows(db: Any, orchestrator: Any) -> Any:
    """A database with the callbacks and an orchestrator."""
    prepare(db)
    return db


def prepare(db: Any) -> None:
    """Make callbacks, the target ``later``, whose tasks wait for their answer, and three flows.

    In ``mixed`` steps fail, are tried again, are put off; in ``answered`` they wait for an answer.
    """
    work.prepare(db)
    procedure(db, "mixed", MIXED)
    procedure(db, "answers", "CALL flow.finish(_args); CALL work.run(_args);")
    later = {"target": "later", "connection_string": db.conninfo, "asynchronous_finish": True}
    set_up(db, targets=[later])
    steps = [{"step": str(n)} for n in range(3)]
    configure(db, "fine", {"nodes": [node("a", steps=steps), node("b", "a")]})
    again = {"step_routine": "work.mixed", "retries": 1, "retry_delay": "1 ms"}
    told = [{"step": name} for name in ("1", "bad", "late", "2", "3")]
    configure(db, "mixed", {"nodes": [node("a", steps=told, **again), node("b", "a")]})
    configure(db, "answered", {"nodes": [node("a", target="later", routine="work.answers")]})


def node(name: str, *parents: str, **more: Any) -> dict[str, Any]:
    """A node that calls work.run on self unless told otherwise."""
    usual = {"node": name, "target": "self", "routine": "work.run"}
    return usual | {"dependencies": [{"parent": parent} for parent in parents]} | more


def set_up(db: Any, **configuration: Any) -> None:
    db.execute("SELECT async.configure(%s)", (json.dumps(configuration),))


def start(db: Any, flow: str, runs: int = 1) -> list[int]:
    """Start so many runs of the flow."""
    rows = db.execute("SELECT flow.run_flow(%s, '{}') FROM generate_series(1, %s)", (flow, runs))
    return [flow_id for (flow_id,) in rows]


def ended(db: Any, timeout: float = 60) -> None:
    """Wait until no run is open and no task waits."""
    left = """
        SELECT (SELECT count(*) FROM flow.open_run) + (
          SELECT count(*) FROM async.task t
          WHERE NOT EXISTS (SELECT FROM async.result r WHERE r.task_id = t.task_id))"""
    db.execute("SELECT async.wait_for_latch()")
    until(lambda: db.value(left) == 0, timeout, "all runs and tasks to end")


def push(db: Any, query: str, count: int = 1, priority: int = 0, target: str = "self") -> list[int]:
    """Queue ``count`` tasks; ``{n}`` in the query is the number of each."""
    sql = """
        SELECT * FROM async.push_tasks(ARRAY(
          SELECT async.task(replace(%s, '{n}', n::TEXT), %s, _priority => %s)
          FROM generate_series(1, %s) n))"""
    return [task_id for (task_id,) in db.execute(sql, (query, target, priority, count))]


def count(db: Any, table: str, where: str = "true") -> int:
    return int(db.value(f"SELECT count(*) FROM {table} WHERE {where}"))


def empty(db: Any, table: str) -> bool:
    return count(db, table) == 0


def tables(db: Any) -> list[str]:
    """The tables of the extensions."""
    rows = db.execute(
        """SELECT c.oid::REGCLASS::TEXT
           FROM pg_class c
           WHERE c.relnamespace IN ('async'::REGNAMESPACE, 'flow'::REGNAMESPACE) AND c.relkind = 'r'
           ORDER BY 1"""
    )
    return [name for (name,) in rows]


# ---- what a step costs ----


@pytest.mark.parametrize("held", [False, True], ids=["free", "held"])
def test_wal_of_a_step_is_bounded(flows: Any, held: bool) -> None:
    """Also while a callback holds a transaction open."""
    many = 3000
    steps = [{"step": str(n)} for n in range(many)]
    bare = {"node": "a", "target": "self", "empty": True, "step_routine": "work.run", "steps": steps}
    configure(flows, "many", {"nodes": [bare]})
    assert wait_run(flows, *start(flows, "many")) == "FINISHED"
    with Gate(flows) as gate:
        if held:
            push(flows, "SELECT txid_current(), work.gate(1)")
            until(lambda: gate.waiting() == 1, what="a transaction to be held open")
        before = flows.value("SELECT pg_current_wal_insert_lsn()")
        assert wait_run(flows, *start(flows, "many")) == "FINISHED"
        written = flows.value(
            "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), %s::TEXT::PG_LSN)::FLOAT8", (before,)
        )
        print(f"{written / many:.0f} bytes of WAL a step")
        assert written / many < WAL_OF_A_STEP


# ---- what is kept ----


def test_nothing_of_what_has_ended_stays_among_what_is_open(flows: Any) -> None:
    """However it ended: well, failed, at the second attempt, put off, answered from outside, canceled."""
    for flow in ("fine", "mixed", "answered"):
        start(flows, flow, 5)
    with Gate(flows) as gate:
        procedure(flows, "held", "PERFORM work.gate(1);")
        waiting = [{"step": str(n)} for n in range(50)]
        configure(
            flows, "canceled", {"nodes": [node("a", steps=waiting), node("b", "a", routine="work.held")]}
        )
        bare = {"node": "a", "target": "self", "empty": True, "step_routine": "work.held", "steps": waiting}
        configure(flows, "stuck", {"nodes": [bare, node("b", "a")]})
        runs = [*start(flows, "canceled"), *start(flows, "stuck")]
        until(lambda: gate.waiting() >= 2, what="callbacks to be interrupted")
        waits = push(flows, "SELECT 1", 20)
        held = push(flows, "SELECT work.gate(1)")
        flows.execute("SELECT async.cancel(%s)", (waits + held,))
        for flow_id in runs:
            flows.execute("SELECT flow.cancel(%s)", (flow_id,))
        for flow_id in runs:
            assert wait_run(flows, flow_id) == "CANCELED"
    ended(flows)
    for table in (
        "async.batch", "async.doom", "async.early_finish", "async.requeue", "async.delayed", "async.yielded",
        "async.undelivered", "async.doomed_lane", "flow.chunk", "flow.open_run",
    ):  # fmt: skip
        until(partial(empty, flows, table), what=f"{table} to be empty")


def remember_nothing(db: Any, orchestrator: Any, keep: str = "0 s") -> None:
    """Have what has ended removed as soon as it may be."""
    orchestrator.stop()
    set_up(db, control={"task_keep_duration": keep, "light_maintenance_sleep": "50 ms"})
    orchestrator.start()


def is_rid(db: Any, table: str, old: str) -> bool:
    """Tell whether nothing is left there of what is old; in the midst of that, too, everything must agree."""
    check_consistency(db)
    return count(db, table, old) == 0


REMOVALS = """
CREATE TABLE removal(relation TEXT, xid BIGINT, removed BIGINT);
CREATE FUNCTION note_removal() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.removal
  SELECT tg_relid::REGCLASS, txid_current(), count(*) FROM gone HAVING count(*) > 0;
  RETURN NULL;
END $$;
"""


@pytest.mark.long
def test_what_is_old_is_removed_in_small_pieces(flows: Any, client_db: Any, orchestrator: Any) -> None:
    """Runs with their nodes, steps, attempts and positions, tasks, log entries, definitions; and nothing of
    what is still open, however old it is."""
    work.prepare(client_db)
    set_up(flows, targets=[{"target": "client", "connection_string": client_db.conninfo}])
    set_up(flows, control={"log_level": "DEBUG"})
    procedure(flows, "held", "PERFORM work.gate(1); CALL work.run(_args);")
    steps = [{"step": str(n)} for n in range(20)]
    configure(flows, "kept", {"nodes": [node("a", steps=steps), node("b", "a", routine="work.held")]})
    with Gate(flows) as gate:
        kept = start(flows, "kept")[0]
        until(lambda: gate.waiting() == 1, what="the run that stays open to be under way")
        kept_tasks = push(flows, "SELECT work.gate(1)")
        until(lambda: gate.waiting() == 2, what="the task that stays open to be under way")
        configure(flows, "kept", {"nodes": [node("other")]})
        steps = [{"step": f"bad{n}" if n % 10 == 0 else str(n)} for n in range(8000)]
        big = node("a", steps=steps, step_routine="work.mixed", retries=1, retry_delay="0 s")
        configure(flows, "big", {"nodes": [big | {"all_steps_must_complete": False}]})
        wide = [{"node": f"n{n}", "empty": True} for n in range(6000)]
        configure(flows, "wide", {"nodes": wide})
        for flow in ("big", "wide", "mixed", "answered"):
            start(flows, flow)
        push(flows, "SELECT {n}", 6000)
        flows.execute("SELECT async.log('DEBUG', 'entry ' || n) FROM generate_series(1, 6000) n")
        until(lambda: count(flows, "flow.open_run") == 1, timeout=120, what="the other runs to end")
        until(lambda: count(flows, "async.result", "true") >= 14_000, what="the tasks to end")
        configure(flows, "wide", {"nodes": [node("a")]})
        flows.execute("SELECT flow.drop_flow('big')")
        flows.execute(REMOVALS)
        for table in tables(flows):
            flows.execute(
                f"CREATE TRIGGER note_removal AFTER DELETE ON {table} REFERENCING OLD TABLE AS gone "
                "FOR EACH STATEMENT EXECUTE PROCEDURE note_removal()"
            )
        remember_nothing(flows, orchestrator)
        only_kept = {
            "async.task": f"owner_id <> {kept} AND task_id <> {kept_tasks[0]}",
            "async.lane": f"owner = 'flow' AND owner_id <> {kept}",
            "async.lane_position": "lane_id NOT IN (SELECT lane_id FROM async.lane)",
            "async.result": "task_id NOT IN (SELECT task_id FROM async.task)",
            "async.attempt": "true",
            "async.log_entry": "message LIKE 'entry %'",
            "flow.run": f"flow_id <> {kept}",
            "flow.run_state": f"flow_id <> {kept}",
            "flow.node_state": f"flow_id <> {kept}",
            "flow.definition_node": "node LIKE 'n%'",
            "async.request": "true",
        }
        for table, old in only_kept.items():
            until(partial(is_rid, flows, table, old), 120, f"{table} to be rid of what is old")
        assert len(node_states(flows, kept)) == 2
        assert count(flows, "async.task", f"owner_id = {kept}") == 22
        assert (
            count(
                flows, "async.result", f"task_id IN (SELECT task_id FROM async.task WHERE owner_id = {kept})"
            )
            == 21
        )
        largest = dict(
            flows.execute(
                """SELECT relation, max(removed)::INT FROM (
                     SELECT relation, xid, sum(removed) AS removed FROM removal GROUP BY 1, 2) s GROUP BY 1"""
            )
        )
        print(largest)
        assert largest["async.task"] > 0
        assert max(largest.values()) <= PIECE
        set_up(flows, control={"task_keep_duration": "1 day"})
    assert wait_run(flows, kept) == "FINISHED"
    assert work.count(flows, kept) == 22


def test_definitions_that_nobody_needs_are_removed(flows: Any, orchestrator: Any) -> None:
    """The newest of a flow stays, and so do those of runs that are kept."""
    procedure(flows, "held", "PERFORM work.gate(1); CALL work.run(_args);")
    with Gate(flows) as gate:
        for number in range(4):
            configure(
                flows, "f", {"nodes": [node(f"n{number}", routine="work.held"), node("last", f"n{number}")]}
            )
            if number == 1:
                start(flows, "f")
                until(lambda: gate.waiting() == 1, what="the run to be under way")
        configure(flows, "gone", {"nodes": [node("a")]})
        flows.execute("SELECT flow.drop_flow('gone')")
        remember_nothing(flows, orchestrator)
        versions = "SELECT array_agg(version::INT ORDER BY version) FROM flow.definition WHERE flow = %s"
        until(lambda: flows.value(versions, ("f",)) == [2, 4], what="two versions to be removed")
        until(lambda: flows.value(versions, ("gone",)) is None, what="the dropped flow to be removed")
        until(lambda: count(flows, "flow.dropped_definition") == 0, what="their parts to be removed")
        assert count(flows, "flow.definition_node", "node IN ('n0', 'n2')") == 0
        assert count(flows, "flow.definition_node", "node IN ('n1', 'n3', 'last')") == 4
    until(lambda: flows.value(versions, ("f",)) == [4], what="the version to go with its run")
    set_up(flows, control={"task_keep_duration": "1 day"})
    assert wait_run(flows, *start(flows, "f")) == "FINISHED"


def test_a_run_that_is_just_being_started_keeps_its_definition(flows: Any, orchestrator: Any) -> None:
    """Also when its transaction is open for longer than anything is kept."""
    configure(flows, "f", {"nodes": [node("a")]})
    with flows.connect() as session, session.transaction():
        found = session.execute("SELECT flow.run_flow('f', '{}')").fetchone()
        assert found is not None
        configure(flows, "f", {"nodes": [node("b")]})
        configure(flows, "g", {"nodes": [node("a")]})
        configure(flows, "g", {"nodes": [node("b")]})
        remember_nothing(flows, orchestrator)
        versions = "SELECT count(*)::INT FROM flow.definition WHERE flow = %s"
        until(lambda: flows.value(versions, ("g",)) == 1, what="what nobody uses to be removed")
        assert flows.value(versions, ("f",)) == 2
        set_up(flows, control={"task_keep_duration": "1 day"})
    assert wait_run(flows, *found) == "FINISHED"
    assert node_states(flows, *found) == {"a": "FINISHED"}


def test_arguments_go_from_every_target_with_their_run(flows: Any, client_db: Any, orchestrator: Any) -> None:
    """Those of a run that is open stay."""
    work.prepare(client_db)
    procedure(client_db, "held", "PERFORM work.gate(1); CALL work.run(_args);")
    set_up(flows, targets=[{"target": "client", "connection_string": client_db.conninfo}])
    configure(flows, "far", {"nodes": [node("a", target="client")]})
    configure(
        flows,
        "held",
        {"nodes": [node("a", target="client", routine="work.held"), node("b", "a", target="client")]},
    )
    with Gate(client_db) as gate:
        kept = start(flows, "held")[0]
        until(lambda: gate.waiting() == 1, what="the run to be under way there")
        start(flows, "far", 3)
        until(lambda: count(flows, "flow.open_run") == 1, what="the other runs to end")
        assert count(client_db, "flow.arguments") == 4
        remember_nothing(flows, orchestrator)
        until(lambda: count(flows, "flow.run") == 1, what="the other runs to be forgotten")
        kept_there = "SELECT array_agg(flow_id::INT) FROM flow.arguments"
        until(lambda: client_db.value(kept_there) == [kept], what="their arguments to be forgotten there")
        assert flows.value(kept_there) == [kept]
    until(lambda: count(flows, "flow.run") == 0, what="the last run to end and be forgotten")
    assert count(client_db, "work.done", f"flow_id = {kept}") == 2
    until(lambda: count(client_db, "flow.arguments") == 0, what="the last arguments to be forgotten there")
    until(lambda: count(flows, "async.errand") == 0, what="that to be known")


def test_lanes_of_tasks_go_with_them(flows: Any, orchestrator: Any) -> None:
    """Somebody might give every task a priority of its own."""
    for priority in range(60):
        push(flows, "SELECT 1", priority=priority)
    ended(flows)
    assert count(flows, "async.lane") == 60
    remember_nothing(flows, orchestrator)
    for table in ("async.lane", "async.open_lane", "async.lane_position"):
        until(partial(empty, flows, table), what=f"{table} to be empty")
    push(flows, "SELECT 1", 5)
    ended(flows)


def test_what_the_cycle_has_passed_is_removed(flows: Any) -> None:
    """Requests that it has taken in, many more than go in one piece, also while a callback that has asked for
    something holds its transaction open; of the positions of lanes all but the last."""
    set_up(flows, control={"light_maintenance_sleep": "50 ms"})
    empty = "INSERT INTO async.request(kind, payload) SELECT 'async.finish', '{\"task_ids\": []}'"
    with Gate(flows) as gate:
        push(flows, f"{empty} FROM work.gate(1)")
        until(lambda: gate.waiting() == 1, what="a session to have the table open")
        flows.execute(f"{empty} FROM generate_series(1, 12000)")
        start(flows, "fine", 3)
        until(lambda: count(flows, "flow.open_run") == 0, what="the runs to end")
        until(lambda: count(flows, "async.request") == 0, what="the requests to be removed")
    ended(flows)
    until(lambda: count(flows, "async.request") == 0, what="the last request to be removed")
    positions = "SELECT count(*) = count(DISTINCT lane_id) FROM async.lane_position"
    until(lambda: flows.value(positions), what="positions that newer ones have replaced to be removed")
    assert count(flows, "async.intake") == 1


@pytest.mark.long
def test_receipts_rotate_while_a_callback_runs(flows: Any) -> None:
    """The two tables take turns and are emptied, here after 5,000 tasks, however busy the orchestrator is. A
    callback that has begun long ago, and holds its transaction open, does not keep the receipts of others."""
    change(flows, *rotate_after(5000))
    flows.execute("CREATE TABLE did(n INT)")
    kept = "SELECT (SELECT count(*) FROM async.receipt_0) + (SELECT count(*) FROM async.receipt_1)"
    found: list[int] = []
    with Gate(flows) as gate:
        push(flows, "SELECT txid_current(), work.gate(1)")
        until(lambda: gate.waiting() == 1, what="a transaction to be held open")
        for rounds in range(1, 5):
            push(flows, "INSERT INTO did VALUES ({n})", 12_000)
            done = partial(count, flows, "async.result")
            until(lambda: done() == rounds * 12_000, 120, "the tasks to end")  # noqa: B023
            found.append(flows.value(kept))
        print(f"{found} receipts after 12,000 tasks each")
        assert max(found) < 20_000
    assert count(flows, "did") == rounds * 12_000


# ---- growth ----


@pytest.mark.long
@pytest.mark.parametrize("autovacuum", ["on", "off"])
def test_tables_and_indexes_do_not_grow(flows: Any, orchestrator: Any, autovacuum: str) -> None:
    """The same work, done and removed again and again, takes no more room than the first times.

    Receipts are another matter: they are emptied after some ten thousand tasks.
    """
    watched = [table for table in tables(flows) if not table.startswith("async.receipt")]
    for table in watched:
        flows.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = {autovacuum})")
    remember_nothing(flows, orchestrator)
    sizes: list[dict[str, int]] = []
    for _ in range(8):
        for flow in ("fine", "mixed", "answered"):
            start(flows, flow, 60)
        for priority in range(5):
            push(flows, "SELECT {n}", 300, priority=priority)
        for table in ("flow.run", "async.task"):
            until(partial(empty, flows, table), timeout=120, what=f"{table} to be empty")
        total = "SELECT pg_total_relation_size(%s::REGCLASS)"
        sizes.append({table: flows.value(total, (table,)) for table in watched})
    grown = {
        table: [size[table] for size in sizes]
        for table, last in sizes[-1].items()
        if last > 1.25 * max(sizes[0][table], sizes[1][table]) + 256 * 1024
    }
    print([sum(size.values()) for size in sizes])
    assert not grown


@pytest.mark.long
def test_memory_of_the_orchestrator_does_not_grow(flows: Any, orchestrator: Any) -> None:
    """Neither with tasks, nor with runs, their failures and second attempts."""

    def work_a_while() -> float:
        for flow in ("fine", "mixed", "answered"):
            start(flows, flow, 60)
        push(flows, "SELECT {n}", 5000)
        ended(flows, 120)
        return own_memory(orchestrator.pid)

    for _ in range(2):
        work_a_while()
    found = [work_a_while() for _ in range(6)]
    print([f"{memory:.1f} MiB" for memory in found])
    assert found[-1] < 1.1 * found[0] + 1


SPY = """
CREATE SCHEMA spy;

/* Blocks that this session has asked for in the tables of the extensions and their indexes. */
CREATE FUNCTION spy.blocks() RETURNS BIGINT LANGUAGE sql AS $$
  SELECT sum(pg_stat_get_xact_blocks_fetched(c.oid))::BIGINT
  FROM pg_class c WHERE c.relnamespace IN ('async'::REGNAMESPACE, 'flow'::REGNAMESPACE)
$$;

CREATE PROCEDURE spy.cycles(_n INT, INOUT blocks BIGINT) LANGUAGE plpgsql AS $$
DECLARE
  before BIGINT := spy.blocks();
BEGIN
  FOR i IN 1.._n LOOP
    CALL async.cycle();
  END LOOP;
  blocks := (spy.blocks() - before) / _n;
END $$;

CREATE PROCEDURE spy.finish(INOUT blocks BIGINT) LANGUAGE plpgsql AS $$
DECLARE
  before BIGINT := spy.blocks();
BEGIN
  LOOP
    CALL async.cycle();
    EXIT WHEN NOT EXISTS (SELECT FROM flow.open_run);
    PERFORM pg_sleep(0.002);
  END LOOP;
  blocks := spy.blocks() - before;
END $$;
"""


class Spied:
    """An orchestrator in manual mode, with what its cycles read."""

    def __init__(self, db: Any) -> None:
        db.execute(SPY)
        set_up(db, control={"light_maintenance_sleep": "1 ms"})
        self.db = db
        self.session = db.connect()
        self.session.execute("CALL async.main(_manual_mode => true)")

    def __enter__(self) -> Spied:
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    def _ask(self, call: str) -> int:
        row = self.session.execute(call).fetchone()
        return int(row[0])

    def run(self, flow: str, runs: int) -> int:
        """Take so many runs of the flow to their ends; return the blocks read."""
        start(self.db, flow, runs)
        return self._ask("CALL spy.finish(NULL)")

    def least(self, flow: str, runs: int) -> int:
        """Do so three times; return the least: cycles that find nothing to do yet read too."""
        return min(self.run(flow, runs) for _ in range(3))

    def idle(self) -> int:
        """The blocks that a cycle reads when there is nothing to do but to look whether anything is old."""
        self._ask("CALL spy.cycles(100, NULL)")
        return self._ask("CALL spy.cycles(50, NULL)")


@pytest.mark.long
def test_a_cycle_reads_no_more_the_more_has_been(db: Any) -> None:
    """Neither one that tidies up with nothing to do, nor those of a run."""
    prepare(db)
    with Spied(db) as spied:
        spied.run("fine", 10)
        first, run = spied.idle(), spied.least("fine", 20)
        spied.run("fine", 500)
        for number in range(40):
            configure(db, "fine", {"nodes": [node("a"), node(f"b{number}", "a")]})
        prepare_again = {"nodes": [node("a", steps=[{"step": str(n)} for n in range(3)]), node("b", "a")]}
        configure(db, "fine", prepare_again)
        last, again = spied.idle(), spied.least("fine", 20)
    print(f"an idle cycle: {first}, then {last} blocks; 20 runs: {run}, then {again} blocks")
    assert last < first + 100
    assert again < 2.5 * run  # twenty-five times as many rows: deeper indexes


@pytest.mark.long
def test_a_cycle_reads_no_more_the_longer_a_transaction_is_held(db: Any) -> None:
    """Rows that it keeps from being removed are not read over and over: those of steps that went well,
    failed, were tried again, put off, answered. There are eighteen times as many in the end; deeper indexes
    and busier pages may cost something."""
    prepare(db)
    with Spied(db) as spied, db.connect(autocommit=False) as holder:
        for flow in ("fine", "mixed", "answered"):
            spied.run(flow, 20)
        holder.execute("SELECT txid_current(), count(*) FROM pg_class")
        idle, runs = spied.idle(), {flow: spied.least(flow, 40) for flow in ("mixed", "answered", "fine")}
        for flow in 2 * ("mixed", "answered", "fine"):
            spied.run(flow, 120)
        idle_now, runs_now = (
            spied.idle(),
            {flow: spied.least(flow, 40) for flow in ("mixed", "answered", "fine")},
        )
    print(f"an idle cycle: {idle}, then {idle_now} blocks; 40 runs: {runs}, then {runs_now} blocks")
    assert idle_now < idle + 100
    assert {flow: blocks for flow, blocks in runs_now.items() if blocks > 2.5 * runs[flow]} == {}


def test_looking_at_what_runs_costs_no_more_while_a_transaction_is_held(flows: Any) -> None:
    """VACUUM can remove nothing of what has ended since: what still runs must not lie among it. Two hundred
    removed rows count as very many here."""
    change(flows, Change("async.renew_tables", "> 10000", "> 200"))
    set_up(flows, control={"light_maintenance_sleep": "50 ms"})
    with flows.connect(autocommit=False) as holder, Gate(flows) as gate:
        holder.execute("SELECT txid_current(), count(*) FROM pg_class")
        kept = push(flows, "SELECT work.gate(1)")
        until(lambda: gate.waiting() == 1, what="a task to be under way")
        shown = "SELECT task_ids, assigned FROM async.v_worker_info"
        before = flows.execute(shown)
        short = push(flows, "SELECT pg_sleep(0.011)", 900)
        all_ended = "SELECT count(*) = 900 FROM async.result WHERE task_id = ANY(%s)"
        until(lambda: flows.value(all_ended, (short,)), what="all but one to end")
        size = "SELECT pg_relation_size('async.batch') / 8192"
        until(lambda: flows.value(size) <= 10, what="it to be small")
        assert flows.execute(shown) == before
    ended(flows)
    assert flows.value("SELECT status FROM async.result WHERE task_id = ANY(%s)", (kept,)) == "FINISHED"


# ---- what is logged ----

LEVELS = ["DEBUG", "INFO", "NOTICE", "WARNING", "ERROR"]


@pytest.mark.parametrize("level", LEVELS)
def test_what_is_logged_at_each_level(flows: Any, orchestrator: Any, level: str) -> None:
    """An orchestrator that begins or ends, a target that is back: NOTICE. A target that is lost, and what was
    asked for in vain: WARNING. What fails in the engine: ERROR. Who writes to the log chooses."""
    set_up(flows, control={"log_level": level})
    orchestrator.stop()
    orchestrator.start()
    broken = {"target": "broken", "connection_string": f"{flows.conninfo} dbname=no_such_database"}
    set_up(flows, targets=[broken])
    task_id = push(flows, "SELECT 1", target="broken")
    flows.execute(
        """INSERT INTO async.request(kind, payload) VALUES
             ('async.nonsense', '{}'), ('async.finish', '{"task_ids": "none"}')"""
    )
    for each in LEVELS:
        flows.execute("SELECT async.log(%s, 'said by a user')", (each,))
    flows.execute("SELECT async.wait_for_latch()")
    lost = "SELECT state FROM async.v_task WHERE task_id = %s"
    known = LEVELS.index(level) > LEVELS.index("WARNING")
    told = "SELECT count(*) > 0 FROM async.log_entry WHERE message LIKE '%%target broken cannot%%'"
    until(lambda: known or flows.value(told, ()), what="the target to be lost")
    set_up(flows, targets=[{"target": "broken", "connection_string": flows.conninfo}])
    until(lambda: flows.value(lost, tuple(task_id)) == "FINISHED", what="the target to be back")
    of_engine = {
        "NOTICE": [
            "orchestrator with epoch 1 has ended",
            "orchestrator with epoch 2 begins",
            "target broken has been",
        ],
        "WARNING": ["target broken cannot be reached", "unknown request async.nonsense"],
        "ERROR": ["request async.finish"],
    }
    found = flows.execute("SELECT level, message FROM async.log_entry")
    for each in LEVELS:
        messages = [message for logged, message in found if logged == each]
        if LEVELS.index(each) < LEVELS.index(level):
            before = "orchestrator with epoch 1 begins"
            assert [message for message in messages if message != before] == [], (
                f"{each} is logged at {level}"
            )
        else:
            assert "said by a user" in messages
            for wanted in of_engine.get(each, []):
                assert any(message.startswith(wanted) for message in messages), (wanted, messages)


# ---- what the engine itself cannot do ----

TRIP = """
CREATE TABLE trip(cut TEXT);
CREATE FUNCTION trip() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM public.trip t WHERE t.cut = NEW.state) THEN
    RAISE EXCEPTION 'tripped';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER trip BEFORE INSERT ON flow.node_state FOR EACH ROW EXECUTE PROCEDURE trip();
"""
HURRY = "UPDATE async.undelivered SET due = clock_timestamp() WHERE due > clock_timestamp()"


def test_a_result_that_could_not_be_taken_in_is_taken_in_later(flows: Any) -> None:
    """The run goes on as soon as that works; other runs have never been stopped."""
    flows.execute(TRIP)
    configure(flows, "f", {"nodes": [node("a"), node("b", "a", steps=[{"step": "1"}])]})
    flows.execute("INSERT INTO trip VALUES ('FINISHED')")
    flow_id = start(flows, "f")[0]
    until(lambda: count(flows, "async.undelivered") > 0, what="the result to be put off")
    flows.execute("TRUNCATE trip")
    flows.execute(HURRY)
    assert wait_run(flows, flow_id) == "FINISHED"
    assert work.count(flows, flow_id) == 3
    assert count(flows, "async.undelivered") == 0
    assert count(flows, "async.log_entry", "level = 'ERROR' AND message LIKE 'result of task %: tripped'") > 0


def test_a_node_whose_end_can_never_be_taken_in_fails(flows: Any) -> None:
    """With the reason; and what hangs on it is told, so that the run ends."""
    flows.execute(TRIP)
    configure(flows, "f", {"nodes": [node("a"), node("b", "a")]})
    flows.execute("INSERT INTO trip VALUES ('FINISHED')")
    flow_id = start(flows, "f")[0]

    def ends() -> bool:
        flows.execute(HURRY)
        return count(flows, "flow.open_run") == 0

    until(ends, what="the run to end")
    assert node_states(flows, flow_id) == {"a": "FAILED", "b": "DOA"}
    error = flows.value("SELECT first_error FROM flow.v_flow_status WHERE flow_id = %s", (flow_id,))
    assert error == "its end could not be taken in: tripped"
    assert count(flows, "async.undelivered") == 0


def test_a_target_that_is_gone_fails_its_nodes_and_steps(flows: Any) -> None:
    """And no other's: renamed in the midst of runs that name it."""
    with Gate(flows) as gate:
        procedure(flows, "held", "PERFORM work.gate(1); CALL work.run(_args);")
        steps = [{"step": str(n)} for n in range(3)]
        configure(flows, "f", {"nodes": [node("a", routine="work.held"), node("b", "a"), node("c", "b")]})
        configure(
            flows, "g", {"nodes": [node("a", routine="work.held", step_routine="work.run", steps=steps)]}
        )
        configure(flows, "h", {"nodes": [node("a", target="later", routine="work.answers")]})
        gone = [*start(flows, "f"), *start(flows, "g")]
        until(lambda: gate.waiting() == 2, what="the runs to be under way")
        set_up(flows, control={"self_target": "me"})
        gone += start(flows, "f")
        fine = start(flows, "h")[0]
        assert wait_run(flows, fine) == "FINISHED"
    for flow_id in gone:
        assert wait_run(flows, flow_id) == "FAILED"
        error = flows.value("SELECT first_error FROM flow.v_flow_status WHERE flow_id = %s", (flow_id,))
        assert error == 'unknown target "self"'
    assert node_states(flows, gone[0]) == {"a": "FINISHED", "b": "FAILED", "c": "DOA"}
    assert node_states(flows, gone[1]) == {"a": "FAILED"}
    assert node_states(flows, gone[2]) == {"a": "FAILED", "b": "DOA", "c": "DOA"}
