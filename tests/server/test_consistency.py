"""flow.check_consistency(): it names each contradiction that is planted, and none where there is none."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.model import work
from tests.server.consistency_plants import PLANTS, Plant
from tests.server.faults import scene
from tests.support.consistency import problems
from tests.support.database import Database
from tests.support.orchestrator import Orchestrator
from tests.support.wait import until, wait_run

SOURCES = Path(__file__).resolve().parents[2] / "sql"
NOWHERE = "host=127.0.0.1 port=1 dbname=nowhere"
TARGETS = {
    "targets": [
        {"target": "nowhere", "connection_string": NOWHERE},
        {"target": "later", "asynchronous_finish": True},
    ]
}
FLOWS: dict[str, list[dict[str, Any]]] = {
    "whole": [
        {"node": "a", "target": "self", "routine": "work.run", "steps": [{"step": "1"}, {"step": "2"}]},
        {"node": "b", "target": "self", "routine": "work.run", "dependencies": [{"parent": "a"}]},
    ],
    "spoiled": [
        {"node": "a", "target": "self", "routine": "work.run"},
        {"node": "b", "target": "self", "routine": "work.run", "dependencies": [{"parent": "a"}]},
    ],
    "open": [
        {"node": "waits", "target": "nowhere", "routine": "work.run"},
        {"node": "child", "target": "self", "routine": "work.run", "dependencies": [{"parent": "waits"}]},
        {
            "node": "steps",
            "target": "nowhere",
            "empty": True,
            "step_routine": "work.run",
            "steps": [{"step": "1"}, {"step": "2"}],
        },
        {"node": "yields", "target": "later", "routine": "work.run"},
        {"node": "fails", "target": "self", "routine": "work.run", "retries": 1, "retry_delay": "1 h"},
    ],
}
MUTEXES = {"open": {"mutexes": [["waits"], ["yields"]]}}
IDS = {
    "whole_task": "SELECT min(task_id) FROM async.task WHERE owner_id = {whole}",
    "whole_step": "SELECT min(task_id) FROM flow.v_flow_task WHERE flow_id = {whole} AND NOT is_node",
    "whole_lane": "SELECT lane_id FROM async.task WHERE task_id = {whole_task}",
    "waiting": "SELECT task_id FROM flow.v_flow_task WHERE flow_id = {open} AND node = 'waits'",
    "lane": "SELECT lane_id FROM async.task WHERE task_id = {waiting}",
    "step": "SELECT min(task_id) FROM flow.v_flow_task WHERE flow_id = {open} AND NOT is_node",
    "other_step": "SELECT max(task_id) FROM flow.v_flow_task WHERE flow_id = {open} AND NOT is_node",
    "step_lane": "SELECT lane_id FROM async.task WHERE task_id = {step}",
    "yielded": "SELECT task_id FROM async.yielded",
    "delayed": "SELECT task_id FROM async.delayed",
    "nowhere": "SELECT target_id FROM async.target WHERE target = 'nowhere'",
    "pool": "SELECT pool_id FROM async.lane WHERE lane_id = {lane}",
    "epoch": "SELECT max(epoch) FROM async.epoch",
}
"""What the planted contradictions name."""


@pytest.fixture
def ids(db: Database, orchestrator: Orchestrator) -> dict[str, int]:
    """A run that has FINISHED, one that FAILED, one that is open with work in all places where work waits,
    and no orchestrator; the numbers of some of it."""
    work.prepare(db)
    targets = json.loads(json.dumps(TARGETS))
    targets["targets"][1]["connection_string"] = db.conninfo
    db.execute("SELECT async.configure(%s)", [json.dumps(targets)])
    for flow, nodes in FLOWS.items():
        work.configure(db, flow, {"nodes": nodes} | MUTEXES.get(flow, {}))
    found = {
        "whole": work.run(db, "whole"),
        "spoiled": work.run(db, "spoiled", {"fail": ["a"]}),
        "open": work.run(db, "open", {"fail": ["fails"]}),
    }
    db.execute("CALL flow.push_steps(%s, 'child', ARRAY['{\"step\": \"9\"}']::JSONB[])", [found["open"]])
    assert wait_run(db, found["whole"]) == "FINISHED"
    assert wait_run(db, found["spoiled"]) == "FAILED"
    settled = """SELECT (SELECT count(*) FROM async.yielded) = 1 AND (SELECT count(*) FROM async.delayed) = 1
                   AND (SELECT count(*) FROM flow.parked_chunk) = 1 AND (SELECT count(*) FROM async.batch) = 0
                   AND NOT EXISTS (SELECT FROM flow.chunk)"""
    until(lambda: db.value(settled), what="all of the open run to wait")
    orchestrator.stop()
    for name, query in IDS.items():
        found[name] = db.value(query.format_map(found))
    return found


def find(session: psycopg.Connection[Any], plant: Plant, ids: dict[str, int]) -> set[tuple[str, str]]:
    """Carry the plant out, and return what is found then: check and subject; nothing of it stays."""
    with session.transaction(force_rollback=True):
        session.execute(plant.sql.format_map(ids).encode())
        return {(name, subject) for name, subject, _ in problems(session)}


def test_each_planted_contradiction_is_named(db: Database, ids: dict[str, int]) -> None:
    missed = {}
    with db.connect() as session:
        assert problems(session) == []
        for plant in PLANTS:
            wanted = (plant.check, plant.subject.format_map(ids))
            found = find(session, plant, ids)
            if wanted not in found:
                missed[wanted, plant.sql] = found
        assert problems(session) == [], "a planted contradiction has stayed"
    assert not missed, "\n".join(f"{plant}: {found or 'nothing'}" for plant, found in missed.items())


def test_there_is_a_planted_contradiction_for_each_check() -> None:
    texts = [path.read_text(encoding="utf-8") for path in SOURCES.glob("*/every/find_*.sql")]
    checking = [text for text in texts if "SETOF async.problem_t" in text]
    named = {name for text in checking for name in re.findall("'([a-z]+(?:_[a-z]+)+)'", text)}
    assert named == {plant.check for plant in PLANTS}


def test_each_check_is_documented() -> None:
    text = (SOURCES.parent / "docs" / "consistency.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[a-z_]+`(?:, `[a-z_]+`)*) \|", text, re.M)
    columns = {"check_name", "subject", "message"}
    assert {name for row in rows for name in re.findall("[a-z_]+", row)} - columns == {
        plant.check for plant in PLANTS
    }


def test_nothing_is_found_while_runs_go_on(db: Database, orchestrator: Orchestrator) -> None:
    """Asked all the time while runs begin, fail, are canceled, end, and the orchestrator is ended twice."""
    work.prepare(db)
    spread = {"node": "a", "target": "self", "routine": "work.run", "all_steps_must_complete": False}
    last = {"node": "b", "target": "self", "routine": "work.run", "dependencies": [{"parent": "a"}]}
    work.configure(db, "wide", {"nodes": [spread, last]})
    items = [{"step": str(n), "fail": n % 50 == 0} for n in range(1, 1001)]
    told = {"push": {"a": [{"to": "a", "steps": items}, {"to": "b", "steps": items[:10]}]}}
    slow = {"sleep": {"a": 0.05}}  # so that it is open still when it is canceled
    runs = [
        work.run(db, "wide", told | {"fail": ["b"] if n % 2 else []} | (slow if n == 3 else {}))
        for n in range(4)
    ]
    asked = 0
    with db.connect() as session:
        for number in range(3):
            until(lambda at=number: work.count(db, runs[at]) > 100, what="a run to be on its way")
            for _ in range(10):
                assert problems(session) == []
                asked += 1
            if number == 1:
                db.execute("SELECT flow.cancel(%s)", [runs[3]])
            else:
                orchestrator.terminate()
                assert problems(session) == []
                orchestrator.start()
        while any(db.execute("SELECT 1 FROM flow.open_run")):
            assert problems(session) == []
            asked += 1
    print("asked", asked, "times")
    assert wait_run(db, runs[3]) == "CANCELED"


@pytest.mark.long
def test_one_lost_task_among_many_finished_ones(db: Database, orchestrator: Orchestrator) -> None:
    """Without statistics, and with them; how long that takes is printed."""
    scene.prepare(db)
    scene.check_run(db, scene.start(db, 100_000), 100_000)
    orchestrator.stop()
    lost = db.value("SELECT max(task_id) - 50000 FROM async.task")
    with db.connect() as session:
        for analyzed in ("without statistics", "with statistics"):
            with session.transaction(force_rollback=True):
                session.execute("DELETE FROM async.result WHERE task_id = %s", [lost])
                began = time.monotonic()
                found = problems(session)
                print(f"100,000 finished tasks, {analyzed}: {time.monotonic() - began:.2f} s")
            assert {(name, subject) for name, subject, _ in found} >= {("lost_task", f"task {lost}")}
            session.execute("ANALYZE")


def test_a_snapshot_from_before_all_requests_were_removed(
    db: Database, ids: dict[str, int], orchestrator: Orchestrator
) -> None:
    """TRUNCATE shows an empty table to snapshots from before it, too: in a transaction that began before a
    run did, nothing is wrong with that run."""
    later = work.run(db, "whole")
    with db.connect(autocommit=False) as session:
        session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        assert problems(session) == []
        orchestrator.start()
        assert wait_run(db, later) == "FINISHED"
        until(lambda: db.value("SELECT count(*) = 0 FROM async.request"), what="the requests to be removed")
        assert problems(session) == []
    assert ids


def test_a_limit_that_has_been_lowered(db: Database, orchestrator: Orchestrator) -> None:
    """Slots that were busy before are nobody's fault; what is assigned later keeps to the limit."""
    work.prepare(db)
    with work.Gate(db) as gate:
        work.procedure(db, "held", "PERFORM work.gate(1);")
        nodes = [{"node": f"n{n}", "target": "self", "routine": "work.held"} for n in range(4)]
        work.configure(db, "held", {"nodes": nodes})
        flow_id = work.run(db, "held")
        until(lambda: gate.waiting() == 4, what="all four to run")
        db.execute("""SELECT async.configure('{"targets": [{"target": "self", "max_concurrency": 2}]}')""")
        work.run(db, "held")
        db.execute("SELECT async.wait_for_latch()")
        with db.connect() as session:
            assert problems(session) == []
    assert wait_run(db, flow_id) == "FINISHED"


def test_a_run_that_is_being_removed(db: Database, orchestrator: Orchestrator) -> None:
    """It is removed piece by piece, and what is left in between is no contradiction."""
    work.prepare(db)
    spread = {"node": "a", "target": "self", "routine": "work.run"}
    work.configure(db, "wide", {"nodes": [spread]})
    items = [{"step": str(n)} for n in range(1, 3000)]
    flow_id = work.run(db, "wide", {"push": {"a": [{"to": "a", "steps": items}]}})
    assert wait_run(db, flow_id) == "FINISHED"
    orchestrator.stop()
    with db.connect() as session:
        left = []
        while db.value("SELECT flow.forget_old('0')"):
            assert problems(session) == []
            left.append(db.value("SELECT count(*)::INT FROM async.task"))
    assert left == [1000, 0]
    assert db.execute("SELECT 1 FROM flow.run") == []


def test_nothing_is_left_of_tasks_that_were_canceled_where_they_waited(
    db: Database, ids: dict[str, int], orchestrator: Orchestrator
) -> None:
    """Two steps of an open run are canceled one by one, then the run: their lane need not pass them over."""
    orchestrator.start()
    db.execute("SELECT async.cancel(ARRAY[%s])", [ids["step"]])
    db.execute("SELECT async.wait_for_latch()")
    with db.connect() as session:
        assert problems(session) == []
    db.execute("SELECT flow.cancel(%s)", [ids["open"]])
    assert wait_run(db, ids["open"]) == "CANCELED"
    until(lambda: not db.execute("SELECT 1 FROM async.doomed_lane"), what="its lanes to be drained")
    assert db.execute("SELECT * FROM async.doom") == []


def test_nothing_is_left_of_canceled_tasks_that_have_been_removed(
    db: Database, orchestrator: Orchestrator
) -> None:
    """A task that was canceled where it waited for a target that is never reached, once it is too old."""
    db.execute("SELECT async.configure(%s)", [json.dumps({"targets": TARGETS["targets"][:1]})])
    task_id = db.value("SELECT * FROM async.push_tasks(ARRAY[async.task('SELECT 1', 'nowhere')])")
    db.execute("SELECT async.cancel(ARRAY[%s::BIGINT])", [task_id])
    db.execute("SELECT async.wait_for_latch()")
    assert db.execute("SELECT status FROM async.result") == [("CANCELED",)]
    db.execute("""SELECT async.configure('{"control": {"task_keep_duration": "0"}}')""")
    until(lambda: not db.execute("SELECT 1 FROM async.task"), what="the task to be removed")
    assert db.execute("SELECT * FROM async.doom") == []


@pytest.mark.parametrize("how", ["DOA", "CANCELED"])
def test_steps_of_a_node_that_never_began_have_ended(
    db: Database, ids: dict[str, int], orchestrator: Orchestrator, how: str
) -> None:
    """They were pushed while it was PENDING, and are CANCELED with it."""
    orchestrator.start()
    if how == "DOA":
        db.execute("SELECT async.cancel(ARRAY[%s])", [ids["waiting"]])
    else:
        db.execute("SELECT flow.cancel(%s)", [ids["open"]])
    seen = """SELECT state, steps, steps_pending, steps_canceled FROM flow.v_flow_node_status
              WHERE flow_id = %s AND node = 'child'"""
    until(lambda: db.execute(seen, [ids["open"]])[0][0] == how, what=f"the node to be {how}")
    assert db.execute(seen, [ids["open"]]) == [(how, 1, 0, 1)]
    assert db.execute("SELECT 1 FROM flow.parked_chunk") == []
