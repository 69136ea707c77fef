"""A run whose steps are told beforehand what to do, and what became of each of them."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from tests.model import work
from tests.server.faults import scene
from tests.support.promises import DoubledError, StuckError

NODE = "fan"
"""The node whose steps they are."""


class Ended(NamedTuple):
    """How a step ended."""

    status: str
    sqlstate: str | None
    error: str | None
    attempts: int
    """The last one included."""


def place(db: Any, client_db: Any, target: str) -> Any:
    """Make the callbacks, and ``client_db`` the target ``client``; return the database of ``target``."""
    scene.prepare(db, client_db)
    scene.add_target(db, target="client", connection_string=client_db.conninfo)
    return {"self": db, "client": client_db}[target]


def start(
    db: Any, routine: str, told: list[dict[str, Any]], target: str = "self", flow: str = "told", **node: Any
) -> int:
    """Start a run with a step for each item of ``told``, whose key ``step`` names it; return its flow_id.

    Those that fail fail alone. ``node`` holds further keys of the node.
    """
    kind = {"empty": True, "target": target, "step_routine": routine, "all_steps_must_complete": False}
    work.configure(db, flow, {"nodes": [{"node": NODE, "steps": told} | kind | node]})
    return work.run(db, flow)


def numbered(count: int, **told: Any) -> list[dict[str, Any]]:
    """Return what ``count`` steps of the names 1, 2, … are told, all the same."""
    return [{"step": str(number)} | told for number in range(1, count + 1)]


def ended(db: Any, flow_id: int) -> dict[str, Ended]:
    """Return how each step of the run ended, by its name; those that have not are left out."""
    rows = db.execute(
        """SELECT t.step_arguments ->> 'step', t.finish_status, t.sqlstate, t.processing_error,
             1 + (SELECT count(*)::INT FROM async.attempt AS a WHERE a.task_id = t.task_id)
           FROM flow.v_flow_task AS t
           WHERE t.flow_id = %s AND NOT t.is_node AND t.processed IS NOT NULL""",
        (flow_id,),
    )
    return {step: Ended(*rest) for step, *rest in rows}


def effects(where: Any, flow_id: int) -> dict[str, int]:
    """Return how often each step of the run has taken effect in ``work.done``, by its name."""
    counts = "SELECT step, count(*)::INT FROM work.done WHERE flow_id = %s AND node = %s GROUP BY 1"
    return dict(where.execute(counts, (flow_id, NODE)))


def check_once(where: Any, flow_id: int, finished: set[str]) -> None:
    """Each of the steps ``finished`` took effect exactly once, and no other step did."""
    found = effects(where, flow_id)
    twice = {step: count for step, count in found.items() if count > 1}
    if twice:
        raise DoubledError(f"took effect more than once: {twice}", len(twice))
    scene.check_units(finished, set(found))


def check_all_once(db: Any, where: Any, flow_id: int, told: list[dict[str, Any]]) -> dict[str, Ended]:
    """Every step finished and took effect exactly once; return how each ended."""
    results = ended(db, flow_id)
    wrong = {step: result for step, result in results.items() if result.status != "FINISHED"}
    assert not wrong, f"did not finish: {json.dumps(dict(list(wrong.items())[:10]))}"
    names = {str(item["step"]) for item in told}
    open_ = names - results.keys()
    if open_:
        raise StuckError(f"not ended: {sorted(open_)[:20]}", len(open_))
    assert results.keys() == names, f"nobody asked for: {sorted(results.keys() - names)[:20]}"
    check_once(where, flow_id, names)
    return results
