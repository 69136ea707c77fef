"""Callbacks that commit and roll back by themselves, clash with each other, fail at COMMIT, and tasks that
run outside any transaction."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from typing import Any

import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tests.model import work
from tests.server.faults import scene, steps
from tests.support.faults import Faults
from tests.support.wait import until, wait_run

pytestmark = pytest.mark.long


@pytest.fixture(params=["self", "client"])
def there(request: Any) -> str:
    """The target of the steps."""
    return str(request.param)


@pytest.fixture
def where(db: Any, client_db: Any, there: str) -> Any:
    """The database in which they run."""
    return steps.place(db, client_db, there)


PARTS = """
CREATE TABLE work.part(step TEXT NOT NULL, part TEXT NOT NULL);
CREATE PROCEDURE work.parts(_args flow.callback_arguments_t) LANGUAGE plpgsql AS $$
DECLARE
  name TEXT := (_args).step_arguments ->> 'step';
  kind TEXT := (_args).step_arguments ->> 'kind';
BEGIN
  INSERT INTO work.part VALUES (name, 'first');
  CASE kind
    WHEN 'plain' THEN
      NULL;
    WHEN 'commits' THEN
      COMMIT;
    WHEN 'rolls back' THEN
      ROLLBACK;
    WHEN 'commits and rolls back' THEN
      FOR n IN 1 .. 4 LOOP
        INSERT INTO work.part VALUES (name, n::TEXT);
        IF n % 2 = 0 THEN COMMIT; ELSE ROLLBACK; END IF;
      END LOOP;
    WHEN 'catches' THEN
      BEGIN
        INSERT INTO work.part VALUES (name, 'undone');
        PERFORM 1 / 0;
      EXCEPTION WHEN division_by_zero THEN
        INSERT INTO work.part VALUES (name, 'caught');
      END;
    WHEN 'has a temporary table' THEN
      CREATE TEMP TABLE scratch ON COMMIT DROP AS SELECT 'scratch'::TEXT AS part;
      INSERT INTO work.part SELECT name, part FROM scratch;
    WHEN 'commits a temporary table' THEN
      CREATE TEMP TABLE scratch(part TEXT) ON COMMIT DROP;
      COMMIT;
      CREATE TEMP TABLE scratch ON COMMIT DROP AS SELECT 'scratch'::TEXT AS part;
      INSERT INTO work.part SELECT name, part FROM scratch;
    ELSE
      INSERT INTO work.part VALUES (name, 'last');
      IF kind = 'commits last' THEN COMMIT; ELSE ROLLBACK; END IF;
      RETURN;
  END CASE;
  INSERT INTO work.part VALUES (name, 'last');
END
$$;
"""
WHAT_REMAINS = {
    "plain": {"first", "last"},
    "commits": {"first", "last"},
    "rolls back": {"last"},
    "commits and rolls back": {"2", "4", "last"},
    "catches": {"first", "caught", "last"},
    "has a temporary table": {"first", "scratch", "last"},
    "commits a temporary table": {"first", "scratch", "last"},
    "commits last": {"first", "last"},
    "rolls back last": set(),
}
"""The parts of each kind of callback that are to stay."""

ONCE = {"plain", "rolls back", "catches", "has a temporary table"}
"""Those that commit nothing by themselves: exactly once, whatever dies."""


def mixed_parts(count: int) -> list[dict[str, Any]]:
    """Return what ``count`` steps of all kinds are told, by turns."""
    kinds = list(WHAT_REMAINS)
    return [step | {"kind": kinds[n % len(kinds)]} for n, step in enumerate(steps.numbered(count))]


def check_parts(where: Any, told: list[dict[str, Any]], again: set[str]) -> None:
    """The parts that are to stay are there, exactly once or, of the kinds ``again``, at least once."""
    rows = where.execute("SELECT step, part, count(*)::INT FROM work.part GROUP BY 1, 2")
    found: dict[str, dict[str, int]] = {}
    for step, part, count in rows:
        found.setdefault(step, {})[part] = count
    for step in told:
        parts = found.pop(step["step"], {})
        assert parts.keys() == WHAT_REMAINS[step["kind"]], f"{step}: {parts}"
        assert step["kind"] in again or set(parts.values()) <= {1}, f"{step}: done twice: {parts}"
    assert not found


def test_they_commit_and_roll_back(db: Any, where: Any, there: str, orchestrator: Any) -> None:
    """Short ones of all kinds, many in a batch: where nothing dies, each takes effect exactly once."""
    where.execute(PARTS)
    told = mixed_parts(900)
    flow_id = steps.start(db, "work.parts", told, there)
    assert wait_run(db, flow_id, 60) == "FINISHED"
    ended = steps.ended(db, flow_id)
    assert {(result.status, result.attempts) for result in ended.values()} == {("FINISHED", 1)}
    assert len(ended) == len(told)
    check_parts(where, told, again=set())
    scene.check_nothing_is_left(db, orchestrator, where)


def test_what_waits_behind_a_slow_one_is_not_begun_twice(
    db: Any, where: Any, there: str, orchestrator: Any, rng: random.Random
) -> None:
    """Steps that commit, many in a batch, one in sixty slow: what waits behind it goes to other sessions, but
    not what has begun meanwhile, for that would be done twice although nothing died."""
    work.procedure(
        where,
        "commits",
        """PERFORM pg_sleep(((_args).step_arguments ->> 'sleep')::FLOAT8);
           CALL work.run(_args);
           COMMIT;
           PERFORM pg_sleep(((_args).step_arguments ->> 'linger')::FLOAT8);""",
    )
    told = [step | {"sleep": 0.0, "linger": 0.0} for step in steps.numbered(1500)]
    for step in rng.sample(told, 25):
        step["sleep"] = rng.uniform(0.04, 0.12)
    for step in rng.sample(told, 25):
        step["linger"] = rng.uniform(0.04, 0.12)
    flow_id = steps.start(db, "work.commits", told, there)
    assert wait_run(db, flow_id, 60) == "FINISHED"
    steps.check_all_once(db, where, flow_id, told)
    scene.check_nothing_is_left(db, orchestrator, where)


@pytest.mark.usefixtures("checked")
def test_they_commit_and_everything_dies(
    db: Any, where: Any, there: str, orchestrator: Any, faults: Faults, rng: random.Random
) -> None:
    """Their sessions and the orchestrator are ended at random: those that commit take effect at least once,
    the others exactly once, and what was rolled back never."""
    where.execute(PARTS)
    told = mixed_parts(900)
    flow_id = steps.start(db, "work.parts", told, there)
    done = "SELECT count(DISTINCT step)::INT FROM work.part"
    for threshold in sorted(rng.sample(range(1, 700), 6)):
        until(lambda at=threshold: where.value(done) >= at, what=f"{threshold} steps to be done")
        time.sleep(rng.uniform(0, 0.01))
        faults.hit("session terminated", scene.signal_sessions(where, rng, 4))
        if rng.random() < 0.5:
            orchestrator.terminate()
            faults.hit("orchestrator terminated")
            orchestrator.start()
    assert wait_run(db, flow_id, 60) == "FINISHED"
    assert {result.status for result in steps.ended(db, flow_id).values()} == {"FINISHED"}
    check_parts(where, told, again=WHAT_REMAINS.keys() - ONCE)
    scene.check_nothing_is_left(db, orchestrator, where)


def test_what_is_asked_after_a_rollback_commits_with_the_work(
    db: Any, client_db: Any, orchestrator: Any, faults: Faults
) -> None:
    """On a client that knows its server: a step that rolls back, pushes another and fails has pushed none."""
    scene.prepare(db, client_db)
    scene.add_target(db, target="client", connection_string=client_db.conninfo)
    client_db.execute("SELECT async.server(%s)", (db.conninfo,))
    work.procedure(
        client_db,
        "asks",
        """IF (_args).step_arguments ->> 'pushed' IS NOT NULL THEN RETURN; END IF;
           ROLLBACK;
           CALL flow.push_steps((_args).flow_id, (_args).node, ARRAY[jsonb_build_object('step',
             'by ' || ((_args).step_arguments ->> 'step'), 'pushed', true)]);
           IF (_args).step_arguments ->> 'step' = 'fails' THEN
             RAISE EXCEPTION 'on second thoughts' USING ERRCODE = 'XX123';
           END IF;""",
    )
    flow_id = steps.start(db, "work.asks", [{"step": "fails"}, {"step": "works"}], "client")
    assert wait_run(db, flow_id, 30) == "FINISHED"
    faults.hit("callback raises an error")
    ended = {step: result.status for step, result in steps.ended(db, flow_id).items()}
    assert ended == {"fails": "FAILED", "works": "FINISHED", "by works": "FINISHED"}
    scene.check_nothing_is_left(db, orchestrator, client_db)


DEFERRED = """
CREATE TABLE work.parent(id INT PRIMARY KEY);
CREATE TABLE work.late(
  n INT UNIQUE DEFERRABLE INITIALLY DEFERRED,
  parent INT REFERENCES work.parent DEFERRABLE INITIALLY DEFERRED);
INSERT INTO work.parent VALUES (1);
INSERT INTO work.late SELECT n, 1 FROM generate_series(1001, 2000) AS n;
CREATE SEQUENCE work.clashes;
CREATE FUNCTION work.clash() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.n < 0 AND nextval('work.clashes') <= 5 THEN
    RAISE EXCEPTION 'too late' USING ERRCODE = '40001';
  END IF;
  RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER clash AFTER INSERT ON work.late DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE PROCEDURE work.clash();
"""


def test_they_fail_at_commit(db: Any, where: Any, there: str, orchestrator: Any, faults: Faults) -> None:
    """Deferred constraints: those that break one have failed and left nothing, the others in their batch
    are none the worse, and one that clashes at COMMIT is tried again."""
    where.execute(DEFERRED)
    work.procedure(
        where,
        "late",
        """INSERT INTO work.late
           SELECT ((_args).step_arguments ->> 'n')::INT, ((_args).step_arguments ->> 'parent')::INT;
           CALL work.run(_args);""",
    )
    told = [step | {"n": n, "parent": 1} for n, step in enumerate(steps.numbered(300), 1)]
    expected: dict[str, tuple[str, str | None]] = {step["step"]: ("FINISHED", None) for step in told}
    for n, step in enumerate(told):
        if n % 7 == 3:
            step["n"], expected[step["step"]] = 1001 + n, ("FAILED", "23505")
        elif n % 7 == 5:
            step["parent"], expected[step["step"]] = 2, ("FAILED", "23503")
    told[200]["n"], expected["201"] = -1, ("FINISHED", None)
    told[200]["parent"] = 1
    flow_id = steps.start(db, "work.late", told, there)
    assert wait_run(db, flow_id, 60) == "FINISHED"
    ended = steps.ended(db, flow_id)
    assert {step: (result.status, result.sqlstate) for step, result in ended.items()} == expected
    assert ended["201"].attempts == 6
    failed = sum(status == "FAILED" for status, _ in expected.values())
    faults.hit("callback fails at its commit", failed + ended["201"].attempts - 1)
    finished = {step for step, (status, _) in expected.items() if status == "FINISHED"}
    steps.check_once(where, flow_id, finished)
    scene.check_nothing_is_left(db, orchestrator, where)


PAIRS = """
CREATE TABLE work.account(id INT PRIMARY KEY, balance INT NOT NULL DEFAULT 0);
CREATE SEQUENCE work.met;
CREATE PROCEDURE work.transfer(_args flow.callback_arguments_t) LANGUAGE plpgsql AS $$
/* Adds to two accounts, in the order told; the first try of each waits for its partner to have one too. */
DECLARE
  told JSONB := (_args).step_arguments;
  pair TEXT := 'pair_' || (told ->> 'pair');
  deadline TIMESTAMPTZ := clock_timestamp() + INTERVAL '3 s';
BEGIN
  PERFORM set_config('deadlock_timeout', '20ms', true);
  UPDATE work.account SET balance = balance + 1 WHERE id = (told ->> 'one')::INT;
  IF nextval('work.tried_' || (told ->> 'step')) = 1 THEN
    PERFORM nextval('work.' || pair);
    WHILE clock_timestamp() < deadline
      AND (SELECT last_value FROM pg_sequences WHERE schemaname = 'work' AND sequencename = pair) < 2
    LOOP
      PERFORM pg_sleep(0.005);
    END LOOP;
  END IF;
  UPDATE work.account SET balance = balance + 1 WHERE id = (told ->> 'two')::INT;
  CALL work.run(_args);
END
$$;
"""


def test_they_deadlock(db: Any, where: Any, there: str, orchestrator: Any, faults: Faults) -> None:
    """Twenty pairs of steps, each sure to deadlock when they first meet: all finish, without any retries
    granted, and the accounts tell that each took effect once."""
    pairs = 20
    where.execute(PAIRS)
    told = []
    for pair in range(pairs):
        one, two = 2 * pair, 2 * pair + 1
        where.execute(
            f"""INSERT INTO work.account VALUES ({one}), ({two}); CREATE SEQUENCE work.pair_{pair};
                CREATE SEQUENCE work.tried_{one}; CREATE SEQUENCE work.tried_{two}"""
        )
        told.append({"step": str(one), "pair": pair, "one": one, "two": two})
        told.append({"step": str(two), "pair": pair, "one": two, "two": one})
    flow_id = steps.start(db, "work.transfer", told, there)
    assert wait_run(db, flow_id, 60) == "FINISHED"
    ended = steps.check_all_once(db, where, flow_id, told)
    deadlocks = sum(result.attempts - 1 for result in ended.values())
    faults.hit("callback deadlocks", deadlocks)
    assert deadlocks >= pairs / 2, "they hardly met, so that they show nothing"
    assert set(where.execute("SELECT balance FROM work.account")) == {(2,)}
    scene.check_nothing_is_left(db, orchestrator, where)


@pytest.fixture
def strict(db: Any, where: Any, level: str) -> Iterator[str]:
    """The target ``strict``: the same database, by a role whose transactions are of that level."""
    role = f"{where.name}_strict"
    name = sql.Identifier(role).as_string()
    where.execute(f"CREATE ROLE {name} LOGIN SUPERUSER")
    where.execute(f"ALTER ROLE {name} SET default_transaction_isolation = '{level}'")
    scene.add_target(db, target="strict", connection_string=make_conninfo(where.conninfo, user=role))
    yield "strict"
    where.execute(f"DROP ROLE {name}")


@pytest.mark.parametrize("level", ["repeatable read"])
def test_they_cannot_be_serialized(
    db: Any, where: Any, strict: str, orchestrator: Any, faults: Faults
) -> None:
    """Each step is overtaken by another transaction as often as it was told: up to five times it is tried
    again at once and finishes, the sixth time it has failed; its neighbours finish."""
    where.execute("CREATE TABLE work.counter(id TEXT PRIMARY KEY, n INT NOT NULL DEFAULT 0)")
    work.procedure(
        where,
        "overtaken",
        f"""PERFORM n FROM work.counter WHERE id = (_args).step_arguments ->> 'step';
            IF nextval('work.tried_' || ((_args).step_arguments ->> 'step'))
               <= ((_args).step_arguments ->> 'times')::INT THEN
              PERFORM public.dblink_exec({sql.Literal(where.conninfo).as_string()}, format(
                'UPDATE work.counter SET n = n + 1 WHERE id = %L', (_args).step_arguments ->> 'step'));
            END IF;
            UPDATE work.counter SET n = n + 100 WHERE id = (_args).step_arguments ->> 'step';
            CALL work.run(_args);""",
    )
    told = [step | {"times": n % 7} for n, step in enumerate(steps.numbered(35))]
    for step in told:
        where.execute(
            f"INSERT INTO work.counter VALUES ({step['step']}); CREATE SEQUENCE work.tried_{step['step']}"
        )
    flow_id = steps.start(db, "work.overtaken", told, strict)
    assert wait_run(db, flow_id, 60) == "FINISHED"
    ended = steps.ended(db, flow_id)
    for step in told:
        result = ended[step["step"]]
        assert result.attempts == min(6, 1 + step["times"])
        assert result.status == ("FINISHED" if step["times"] < 6 else "FAILED"), step
    faults.hit("callback cannot be serialized", sum(step["times"] for step in told))
    finished = {step["step"] for step in told if step["times"] < 6}
    steps.check_once(where, flow_id, finished)
    counters = dict(where.execute("SELECT id, n FROM work.counter"))
    assert counters == {s["step"]: s["times"] + (100 if s["times"] < 6 else 0) for s in told}
    scene.check_nothing_is_left(db, orchestrator, where)


@pytest.mark.parametrize("level", ["serializable"])
def test_they_all_count_the_same_rows(
    db: Any, where: Any, strict: str, orchestrator: Any, faults: Faults
) -> None:
    """Serializable steps that each write how many there are: every number is there once, however often
    they had to be tried."""
    where.execute("CREATE TABLE work.numbered(n INT NOT NULL)")
    work.procedure(
        where,
        "number",
        """INSERT INTO work.numbered SELECT count(*) FROM work.numbered; PERFORM pg_sleep(0.03);
           CALL work.run(_args);""",
    )
    told = steps.numbered(40)
    flow_id = steps.start(db, "work.number", told, strict, retries=1000, retry_delay="10 ms", retry_backoff=1)
    assert wait_run(db, flow_id, 60) == "FINISHED"
    ended = steps.check_all_once(db, where, flow_id, told)
    failures = sum(result.attempts - 1 for result in ended.values())
    faults.hit("callback cannot be serialized", failures)
    assert failures >= 10, "they hardly met, so that they show nothing"
    assert where.execute("SELECT n FROM work.numbered ORDER BY n") == [(n,) for n in range(len(told))]
    scene.check_nothing_is_left(db, orchestrator, where)


def test_timeouts_of_the_database(db: Any, client_db: Any, orchestrator: Any, faults: Faults) -> None:
    """A database whose sessions give up after 100 ms, waiting or working: a callback that does both for
    longer finishes all the same; one that sets a timeout for itself has it."""
    scene.prepare(db, client_db)
    for setting in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
        client_db.execute(f"ALTER DATABASE {client_db.name} SET {setting} = '100ms'")
    scene.add_target(db, target="client", connection_string=client_db.conninfo)
    work.procedure(client_db, "slow", "PERFORM pg_sleep(0.3); PERFORM work.gate(1); CALL work.run(_args);")
    work.procedure(
        client_db,
        "hasty",
        "PERFORM set_config('lock_timeout', '10ms', true); PERFORM work.gate(1); CALL work.run(_args);",
    )
    with work.Gate(client_db) as gate:
        slow = steps.start(db, "work.slow", steps.numbered(3), "client", "slow")
        hasty = steps.start(
            db,
            "work.hasty",
            steps.numbered(3),
            "client",
            "hasty",
            retries=1,
            retry_delay="10 ms",
            retry_on=["55"],
        )
        assert wait_run(db, hasty, 30) == "FINISHED"
        until(lambda: gate.waiting() == 3, what="the slow ones to wait")
        time.sleep(0.2)
        assert gate.waiting() == 3
    assert {(e.status, e.sqlstate, e.attempts) for e in steps.ended(db, hasty).values()} == {
        ("FAILED", "55P03", 2)
    }
    faults.hit("callback runs out of time", sum(e.attempts for e in steps.ended(db, hasty).values()))
    assert wait_run(db, slow, 30) == "FINISHED"
    steps.check_all_once(db, client_db, slow, steps.numbered(3))
    scene.check_nothing_is_left(db, orchestrator, client_db)


def test_raw_tasks(db: Any, where: Any, there: str, orchestrator: Any, faults: Faults) -> None:
    """What cannot run in a transaction block, among steps of a run; those that fail fail alone."""
    where.execute("CREATE TABLE work.big AS SELECT n, n % 10 AS digit FROM generate_series(1, 10000) AS n")
    other = f"{where.name}_made"
    flow_id = scene.start(db, 200, target=there)
    good = [
        "VACUUM (ANALYZE) work.big",
        "CREATE INDEX CONCURRENTLY big_n ON work.big(n)",
        "REINDEX TABLE work.big",
        "ALTER SYSTEM SET cursor_tuple_fraction = 0.2",
        f"CREATE DATABASE {other}",
        f"ALTER DATABASE {other} SET TABLESPACE pg_default",
        "SELECT 1",
        "SELECT 1, 2, 'several columns'",
        "SELECT FROM generate_series(1, 10)",
        "SELECT n, digit FROM work.big",
        "SHOW ALL",
        "EXPLAIN SELECT 1",
        "DROP INDEX CONCURRENTLY work.big_n",
        "CREATE UNIQUE INDEX CONCURRENTLY big_n_2 ON work.big(n)",
    ]
    bad = {
        "CREATE UNIQUE INDEX CONCURRENTLY big_digit ON work.big(digit)": "23505",
        "VACUUM work.nothing": "42P01",
        "CREATE DATABASE postgres": "42P04",
        "ALTER TABLE work.big ADD UNIQUE (digit)": "23505",
        "ALTER TABLE work.big ALTER n TYPE BOOL": "42804",
        "VACUUM; VACUUM": "25001",
        "SELECT 1 / 0": "22012",
    }
    try:
        pushed = {}
        for query in [*good[:6], *bad, *good[6:]]:
            pushed[query] = scene.push(db, query, there, raw=True)
            until(lambda: scene.unresolved(db, list(pushed.values())) == 0, what=f"{query} to end")
        rows = db.execute(
            """SELECT task_id, finish_status, sqlstate, processing_error FROM async.v_task
               WHERE task_id = ANY(%s)""",
            (list(pushed.values()),),
        )
        ended = {task_id: rest for task_id, *rest in rows}
        faults.hit("callback raises an error", len(bad))
        wrong = {q: ended[t] for q, t in pushed.items() if ended[t][:2] != _expected(q, bad)}
        assert not wrong, wrong
        indexes = """SELECT indexrelid::REGCLASS::TEXT, indisvalid FROM pg_index
                     WHERE indrelid = 'work.big'::REGCLASS"""
        assert dict(where.execute(indexes)) == {"work.big_n_2": True, "work.big_digit": False}
        assert where.execute("SELECT 1 FROM pg_database WHERE datname = %s", (other,))
        set_to = "SELECT setting FROM pg_file_settings WHERE name = 'cursor_tuple_fraction'"
        assert where.execute(set_to) == [("0.2",)]
    finally:
        where.execute("ALTER SYSTEM RESET cursor_tuple_fraction")
        where.execute(f"DROP DATABASE IF EXISTS {other}")
    scene.check_run(db, flow_id, 200, where)
    scene.check_nothing_is_left(db, orchestrator, where)


def _expected(query: str, bad: dict[str, str]) -> list[str | None]:
    """The status and SQLSTATE that a raw query should end with."""
    return ["FAILED", bad[query]] if query in bad else ["FINISHED", None]


def test_a_raw_task_whose_session_is_ended_runs_again(
    db: Any, where: Any, there: str, orchestrator: Any, faults: Faults
) -> None:
    """Raw tasks run at least once."""
    where.execute("CREATE TABLE work.began(moment TIMESTAMPTZ DEFAULT clock_timestamp())")
    where.execute(
        """CREATE PROCEDURE work.dies() LANGUAGE plpgsql AS $$
           BEGIN
             INSERT INTO work.began DEFAULT VALUES;
             COMMIT;
             IF (SELECT count(*) = 1 FROM work.began) THEN
               PERFORM pg_terminate_backend(pg_backend_pid());
             END IF;
           END $$"""
    )
    pushed = [scene.push(db, "CALL work.dies()", there, raw=True)]
    until(lambda: scene.unresolved(db, pushed) == 0, what="the task to end")
    assert db.execute("SELECT finish_status FROM async.v_task") == [("FINISHED",)]
    assert where.value("SELECT count(*)::INT FROM work.began") == 2
    faults.hit("callback ends its session")
    scene.check_nothing_is_left(db, orchestrator, where)
