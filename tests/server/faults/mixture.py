"""Runs with every kind of task in them, on the server and on a client: what is asked of a fault anywhere."""

from __future__ import annotations

from typing import Any

from psycopg.types.json import Jsonb

from tests.model import work
from tests.server.faults import scene
from tests.support.promises import DoubledError, LostError
from tests.support.wait import until, wait_run

KINDS = """
CREATE TABLE work.deferral(flow_id BIGINT, node TEXT, step TEXT);
CREATE TABLE work.asked(args flow.callback_arguments_t, answered BOOL NOT NULL DEFAULT false);
CREATE TABLE work.raw(n INT);

CREATE PROCEDURE work.kinds(_args flow.callback_arguments_t) LANGUAGE plpgsql AS $$
/* Does what the step's key "kind" says. */
DECLARE
  told JSONB := (_args).step_arguments;
BEGIN
  PERFORM pg_sleep(0.003);
  IF told ->> 'kind' = 'deferred' AND NOT EXISTS (
    SELECT FROM work.deferral AS d
    WHERE d.flow_id = (_args).flow_id AND d.node = (_args).node AND d.step = told ->> 'step')
  THEN
    INSERT INTO work.deferral VALUES ((_args).flow_id, (_args).node, told ->> 'step');
    CALL flow.defer(_args, INTERVAL '20 ms');
    RETURN;
  END IF;
  CALL work.run(_args);
  CASE told ->> 'kind'
    WHEN 'failing' THEN
      RAISE EXCEPTION 'told to fail' USING ERRCODE = 'XX123';
    WHEN 'retried' THEN
      IF random() < 0.5 THEN RAISE EXCEPTION 'better luck next time' USING ERRCODE = '22012'; END IF;
    WHEN 'clashing' THEN
      IF random() < 0.3 THEN RAISE EXCEPTION 'too late' USING ERRCODE = '40001'; END IF;
    WHEN 'committing' THEN
      COMMIT;
      PERFORM pg_sleep(0.001);
    WHEN 'pushing' THEN
      CALL flow.push_steps((_args).flow_id, (_args).node, ARRAY[
        jsonb_build_object('step', 'by ' || (told ->> 'step'), 'kind', 'plain')]);
    ELSE
      NULL;
  END CASE;
END
$$;

CREATE PROCEDURE work.asks(_args flow.callback_arguments_t) LANGUAGE plpgsql AS $$
/* Waits for the test to finish it. */
BEGIN
  CALL work.run(_args);
  INSERT INTO work.asked VALUES (_args);
END
$$;

CREATE PROCEDURE work.held(_args flow.callback_arguments_t) LANGUAGE plpgsql AS $$
/* Never ends by itself. */
BEGIN
  CALL work.run(_args);
  PERFORM pg_sleep(600);
END
$$;
"""

OF_EACH = 4
"""Steps of each kind in a node."""
PATIENT = {"retries": 1000, "retry_delay": "5 ms", "retry_backoff": 1, "retry_on": ["22", "40"]}


def steps() -> list[dict[str, str]]:
    """Return what the steps of a node are told."""
    kinds = ("plain", "failing", "retried", "clashing", "committing", "deferred", "pushing")
    return [{"step": f"{kind} {n}", "kind": kind} for n in range(OF_EACH) for kind in kinds]


class Mixture:
    """Runs of one flow, begun by and by; beside each a run that is cancelled, and raw tasks."""

    def __init__(self, db: Any, client_db: Any, late_db: Any, conninfo: str | None = None) -> None:
        """Make callbacks and targets; ``conninfo`` is how the server connects to ``client_db``."""
        self.db = db
        self.places = {"self": db, "client": client_db}
        """Where steps run that end by themselves."""
        self.late = {"late_self": db, "late": late_db}
        """Where those run that are finished from outside."""
        self.everywhere = (db, client_db, late_db)
        self.runs: list[int] = []
        self.canceled: list[int] = []
        self._held: list[int] = []
        self._raw: dict[str, list[int]] = {place: [] for place in self.places}
        scene.prepare(*self.everywhere)
        for place in self.everywhere:
            place.execute(KINDS)
        self._configure_targets(conninfo or client_db.conninfo)
        work.configure(db, "mixture", {"nodes": self._nodes()})
        held = [{"node": f"held_{name}", "target": name, "routine": "work.held"} for name in self.places]
        work.configure(db, "held", {"nodes": held})

    def _configure_targets(self, client: str) -> None:
        """Give each target few connections: making them would be most of what a test does."""
        targets = [{"target": "client", "connection_string": client, "max_concurrency": 4}] + [
            {"target": name, "connection_string": place.conninfo, "asynchronous_finish": True}
            for name, place in self.late.items()
        ]
        told = {"control": {"self_concurrency": 4}, "targets": targets}
        self.db.execute("SELECT async.configure(%s)", [Jsonb(told)])

    def _nodes(self) -> list[dict[str, Any]]:
        nodes: list[dict[str, Any]] = []
        for name in self.places:
            kinds = {"empty": True, "step_routine": "work.kinds", "steps": steps()}
            alone = {"all_steps_must_complete": False} | PATIENT
            nodes.append({"node": name, "target": name} | kinds | alone)
        nodes += [{"node": name, "target": name, "routine": "work.asks"} for name in self.late]
        above = [{"parent": node["node"]} for node in nodes]
        last = {"node": "last", "target": "self", "routine": "work.run", "dependencies": above}
        return [*nodes, last]

    def begin(self) -> None:
        """Start another run, one that will be cancelled, and a raw task on each target."""
        self.runs.append(work.run(self.db, "mixture"))
        self._held.append(work.run(self.db, "held"))
        for name, pushed in self._raw.items():
            query = f"INSERT INTO work.raw VALUES ({len(pushed)})"
            pushed.append(scene.push(self.db, query, name, raw=True))

    def done(self) -> int:
        """How many tasks have taken effect on the server."""
        return int(self.db.value("SELECT count(*)::INT FROM work.done"))

    def stir(self) -> None:
        """Answer those that have asked, and cancel what is held."""
        for place in self.late.values():
            place.execute(
                """DO $$
                DECLARE
                  one work.asked;
                BEGIN
                  FOR one IN UPDATE work.asked SET answered = true WHERE NOT answered RETURNING * LOOP
                    CALL flow.finish(one.args);
                  END LOOP;
                END $$"""
            )
        for flow_id in self._held:
            self.db.execute("SELECT flow.cancel(%s)", (flow_id,))
            self.canceled.append(flow_id)
        self._held.clear()

    def check(self, timeout: float = 60) -> None:
        """Everything ends as it should, within so many seconds."""

        def over() -> bool:
            self.stir()
            running = "SELECT count(*)::INT FROM flow.v_flow_status WHERE state = 'RUNNING'"
            return self.db.value(running) == 0

        until(over, timeout, what="all runs to end")
        for flow_id in self.runs:
            assert wait_run(self.db, flow_id) == "FINISHED"
            self._check_run(flow_id)
        for flow_id in self.canceled:
            assert wait_run(self.db, flow_id) == "CANCELED"
            assert not work.done(flow_id, *self.everywhere), "what was cancelled has taken effect"
        self._check_raw()

    def _check_run(self, flow_id: int) -> None:
        """Each of the run's units took effect as often as its kind allows."""
        rows = self.db.execute(
            """SELECT node, step_arguments ->> 'step', step_arguments ->> 'kind', finish_status
               FROM flow.v_flow_task WHERE flow_id = %s AND NOT is_node""",
            (flow_id,),
        )
        told = {step["step"] for step in steps()}
        told |= {f"by {step}" for step in told if step.startswith("pushing")}
        found: dict[Any, int] = {}
        for row in work.done(flow_id, *self.everywhere):
            found[row.unit] = found.get(row.unit, 0) + 1
        for name, place in self.places.items():
            assert {step for node, step, *_ in rows if node == name} == told
            deferrals = place.execute(
                "SELECT step, count(*)::INT FROM work.deferral WHERE flow_id = %s GROUP BY 1", (flow_id,)
            )
            check_times(dict(deferrals), {s["step"] for s in steps() if s["kind"] == "deferred"}, 1)
        for node, step, kind, status in rows:
            assert status == ("FAILED" if kind == "failing" else "FINISHED"), (node, step, status)
            check_times(found, {(node, step)}, {"failing": 0, "committing": None}.get(kind, 1))
        check_times(found, {(node, None) for node in ("last", *self.late)}, 1)

    def _check_raw(self) -> None:
        """Raw tasks ran at least once."""
        for name, pushed in self._raw.items():
            until(lambda ids=pushed: scene.unresolved(self.db, ids) == 0, what="raw tasks to end")
            ran = self.places[name].execute("SELECT n, count(*)::INT FROM work.raw GROUP BY 1")
            check_times(dict(ran), set(range(len(pushed))), None)


def check_times(found: dict[Any, int], units: set[Any], times: int | None) -> None:
    """Each of the units took effect so often, or at least once if ``times`` is None."""
    for unit in units:
        count = found.get(unit, 0)
        if count == 0 and times != 0:
            raise LostError(f"never took effect: {unit}")
        if times is not None and count > times:
            raise DoubledError(f"took effect {count} times: {unit}")
