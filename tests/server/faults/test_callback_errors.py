"""Callbacks that fail in every way there is: what each step ends as, how often it was tried, and that
its mates are none the worse."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.model import work
from tests.server.faults import scene, steps
from tests.support.database import Database
from tests.support.faults import Faults
from tests.support.wait import wait_run

pytestmark = pytest.mark.long

CLASHES = ("40001", "40P01")
"""What is tried again at once, up to five times, whatever retries says."""

OWN = [f"PF{number:03}" for number in range(1, 15)]
"""The SQLSTATEs of pgflow itself (docs/errors.md)."""

SIGNALS = ("PF012", "PF014")
"""Those by which a target tells the orchestrator something: they have a test of their own."""

RAISING = """
CREATE FUNCTION work.fail(_step JSONB) RETURNS VOID LANGUAGE plpgsql AS $$
/* Raises the error that the step tells, until it has been tried as often as the step tells. */
BEGIN
  EXECUTE format('CREATE SEQUENCE IF NOT EXISTS work.%I', 'tries_' || (_step ->> 'step'));
  IF nextval(format('work.%I', 'tries_' || (_step ->> 'step'))) <= (_step ->> 'times')::INT THEN
    RAISE EXCEPTION 'told to fail with %', _step ->> 'code' USING ERRCODE = _step ->> 'code';
  END IF;
END
$$;
"""
ALWAYS = 10**6


@pytest.fixture(params=["self", "client"])
def there(request: Any) -> str:
    """The target of the steps."""
    return str(request.param)


@pytest.fixture
def where(db: Any, client_db: Any, there: str) -> Any:
    """The database in which they run."""
    return steps.place(db, client_db, there)


def known_codes() -> list[str]:
    """Every SQLSTATE that PostgreSQL knows or pgflow raises, and one that nobody does."""
    found = {getattr(error, "sqlstate", None) for error in vars(psycopg.errors).values()}
    return sorted(({code for code in found if isinstance(code, str)} | {*OWN, "ZZ999"}) - {*SIGNALS})


def prepare_raising(where: Any, codes: list[str]) -> None:
    """Make the callback ``work.raise``, whose tries are counted by sequences: those outlive a rollback."""
    where.execute(RAISING)
    for code in codes:
        where.execute(sql.SQL("CREATE SEQUENCE work.{}").format(sql.Identifier(f"tries_{code}")).as_string())
    work.procedure(where, "raise", "CALL work.run(_args); PERFORM work.fail((_args).step_arguments);")


def tries(where: Any) -> dict[str, int]:
    """How often each step was tried."""
    rows = where.execute(
        """SELECT substr(sequencename, 7), last_value::INT FROM pg_sequences
           WHERE schemaname = 'work' AND last_value IS NOT NULL"""
    )
    return dict(rows)


RULES: dict[str, dict[str, Any]] = {
    "none": {},
    "any": {"retries": 2, "retry_delay": "10 ms"},
    "chosen": {"retries": 2, "retry_delay": "10 ms", "retry_on": ["22", "42", "P0001"]},
}


def expected_tries(code: str, rule: dict[str, Any]) -> int:
    """How often a step is tried that always fails with ``code``."""
    chosen = rule.get("retry_on")
    worth = code[:2] != "42" if chosen is None else code in chosen or code[:2] in chosen
    return 1 + (5 if code in CLASHES else 0) + (rule.get("retries", 0) if worth else 0)


@pytest.mark.parametrize(
    ("there", "rule"), [("self", "none"), ("client", "any"), ("self", "chosen")], indirect=["there"]
)
def test_every_sqlstate(
    db: Any, where: Any, there: str, orchestrator: Any, faults: Faults, rule: str
) -> None:
    """A step for each of them, which always fails: each is tried as often as it should be, ends FAILED
    with its own error, and leaves nothing; those between them finish."""
    codes = known_codes()
    prepare_raising(where, codes)
    failing = [{"step": code, "code": code, "times": ALWAYS} for code in codes]
    well = steps.numbered(len(codes))
    mixed = [step for pair in zip(failing, well, strict=True) for step in pair]
    flow_id = steps.start(db, "work.raise", mixed, there, **RULES[rule])
    assert wait_run(db, flow_id, 60) == "FINISHED"
    faults.hit("callback raises an error", len(codes))
    ended = steps.ended(db, flow_id)
    assert {code: ended[code].status for code in codes} == dict.fromkeys(codes, "FAILED")
    assert {code: ended[code].sqlstate for code in codes} == {code: code for code in codes}
    assert all(ended[code].error == f"told to fail with {code}" for code in codes)
    expected = {code: expected_tries(code, RULES[rule]) for code in codes}
    assert {code: ended[code].attempts for code in codes} == expected
    assert {code: count for code, count in tries(where).items() if code in expected} == expected
    steps.check_once(where, flow_id, {step["step"] for step in well})
    scene.check_nothing_is_left(db, orchestrator, where)


@pytest.mark.parametrize("code", SIGNALS)
def test_an_error_that_looks_like_a_word_to_the_orchestrator(
    db: Any, where: Any, there: str, orchestrator: Any, faults: Faults, code: str
) -> None:
    """A callback that raises what a target tells the orchestrator by has failed like any other: the
    orchestrator goes on, and steps beside it too."""
    prepare_raising(where, [code])
    told = [{"step": code, "code": code, "times": ALWAYS}, *steps.numbered(20)]
    flow_id = steps.start(db, "work.raise", told, there)
    assert wait_run(db, flow_id, 10) == "FINISHED"
    faults.hit("callback raises an error")
    result = steps.ended(db, flow_id)[code]
    assert (result.status, result.sqlstate, result.attempts) == ("FAILED", code, 1)
    assert tries(where)[code] == 1
    assert orchestrator.is_running(), "an error of a callback has ended the orchestrator"
    scene.check_run(db, scene.start(db, 20), 20)
    scene.check_nothing_is_left(db, orchestrator, where)


def test_errors_that_pass(db: Any, where: Any, there: str, orchestrator: Any, faults: Faults) -> None:
    """Steps that fail a few times and then no more take effect once, if they were given enough tries."""
    codes = [
        "22012",
        "23505",
        "40001",
        "40P01",
        "53100",
        "57014",
        "57P01",
        "08006",
        "P0001",
        "XX000",
        "ZZ999",
    ]
    times = {code: 5 if code in CLASHES else 3 for code in codes}
    prepare_raising(where, codes)
    told = [{"step": code, "code": code, "times": times[code]} for code in codes] + steps.numbered(100)
    flow_id = steps.start(db, "work.raise", told, there, retries=3, retry_delay="10 ms")
    assert wait_run(db, flow_id, 30) == "FINISHED"
    steps.check_all_once(db, where, flow_id, told)
    found = tries(where)
    assert {code: found[code] for code in codes} == {code: times[code] + 1 for code in codes}
    faults.hit("callback raises an error", sum(times.values()))
    scene.check_nothing_is_left(db, orchestrator, where)


HUGE = """
DECLARE
  told JSONB := (_args).step_arguments;
  large TEXT;
BEGIN
  CALL work.run(_args);
  IF told ? 'part' THEN
    large := repeat(convert_from(decode(told ->> 'piece', 'hex'), current_setting('server_encoding')),
                    (told ->> 'times')::INT);
    IF told ->> 'part' = 'message' THEN
      RAISE EXCEPTION '%', large USING ERRCODE = 'XX123';
    ELSIF told ->> 'part' = 'detail' THEN
      RAISE EXCEPTION 'a large detail' USING ERRCODE = 'XX123', DETAIL = large, HINT = large;
    END IF;
    RAISE EXCEPTION 'large names' USING
      ERRCODE = 'XX123', COLUMN = large, CONSTRAINT = large, DATATYPE = large, TABLE = large, SCHEMA = large;
  END IF;
END
"""
PIECES = {
    "plain": b"x",
    "control": bytes(range(1, 32)) + b"\x7f",
    "quotes": rb"""'"\''$$ $pgflow$ %s % %1$s \0 \x00 */ -- ; $1 {0}""",
    "far": "ß€😀\uff57\u202e\ufeff\U0010ffff".encode(),
}
"""What the errors are made of."""


def test_huge_errors(db: Any, where: Any, there: str, orchestrator: Any, faults: Faults) -> None:
    """A megabyte of every kind of characters in the message, the detail, the hint, the names: the
    beginning of the message is kept, and steps beside are none the worse."""
    work.procedure(where, "huge", HUGE)
    told = [
        {"step": f"{name} {part}", "part": part, "piece": piece.hex(), "times": 1 + 10**6 // len(piece)}
        for name, piece in PIECES.items()
        for part in ("message", "detail", "names")
    ]
    well = steps.numbered(50)
    flow_id = steps.start(db, "work.huge", told + well, there)
    assert wait_run(db, flow_id, 30) == "FINISHED"
    faults.hit("callback raises an error", len(told))
    ended = steps.ended(db, flow_id)
    for step in told:
        result = ended[step["step"]]
        assert (result.status, result.sqlstate) == ("FAILED", "XX123"), step["step"]
        if step["part"] == "message":
            whole = bytes.fromhex(step["piece"]).decode() * step["times"]
            assert result.error
            assert whole.startswith(result.error)
            assert len(result.error) >= 1000
    steps.check_once(where, flow_id, {step["step"] for step in well})
    scene.check_nothing_is_left(db, orchestrator, where)


@pytest.fixture
def ascii_db(db: Any) -> Iterator[Database]:
    """A client whose encoding is SQL_ASCII: its texts may hold any bytes but zero."""
    name = f"{db.name}_ascii"
    with db.server.connect() as session:
        session.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'SQL_ASCII'").format(sql.Identifier(name))
        )
    database = Database(db.server, name)
    database.execute("CREATE EXTENSION pgflow CASCADE")
    database.execute("SET client_encoding = 'UTF8'")
    yield database
    database.drop()


def test_errors_of_any_bytes(
    db: Any, ascii_db: Any, orchestrator: Any, faults: Faults, rng: random.Random
) -> None:
    """A target without an encoding raises what is no text to the server: the steps fail, and whoever
    looks at them can."""
    scene.prepare(db, ascii_db)
    scene.add_target(db, target="ascii", connection_string=ascii_db.conninfo)
    work.procedure(ascii_db, "huge", HUGE)
    pieces = [b"\xff", b"\xc3", "é".encode("latin-1"), b"ends \xe2\x82", b"\xf0\x9f\x98", b"\xed\xa0\x80"]
    pieces += [bytes(rng.choices(range(1, 256), k=rng.randint(1, 50))) for _ in range(20)]
    told = [
        {"step": f"{number} {times}", "part": "message", "piece": piece.hex(), "times": times}
        for number, piece in enumerate(pieces)
        for times in (1, 10**6 // len(piece))
    ]
    well = steps.numbered(50)
    flow_id = steps.start(db, "work.huge", told + well, "ascii")
    assert wait_run(db, flow_id, 30) == "FINISHED"
    ended = steps.ended(db, flow_id)
    faults.hit("callback raises an error", len(told))
    failed = {step: result.status for step, result in ended.items() if result.sqlstate == "XX123"}
    assert failed == {step["step"]: "FAILED" for step in told}
    assert orchestrator.is_running(), "an error of a callback has ended the orchestrator"
    steps.check_once(ascii_db, flow_id, {step["step"] for step in well})
    scene.check_nothing_is_left(db, orchestrator, ascii_db)


@pytest.mark.parametrize("there", ["client"], indirect=True)
def test_three_in_ten_fail(
    db: Any, where: Any, there: str, orchestrator: Any, faults: Faults, rng: random.Random
) -> None:
    """Each of the others takes effect once, and the run ends as if those that failed had not been there."""
    told = steps.numbered(4000)
    failing = set(rng.sample([step["step"] for step in told], 1200))
    told = [step | {"fail": "true"} if step["step"] in failing else step for step in told]
    flow_id = steps.start(db, "work.run", told, there)
    assert wait_run(db, flow_id, 120) == "FINISHED"
    faults.hit("callback raises an error", len(failing))
    ended = steps.ended(db, flow_id)
    assert {step for step, result in ended.items() if result.status == "FAILED"} == failing
    assert {ended[step].sqlstate for step in failing} == {"XX123"}
    steps.check_once(where, flow_id, {step["step"] for step in told} - failing)
    assert db.execute(
        "SELECT steps, steps_finished, steps_failed FROM flow.v_flow_node_status WHERE flow_id = %s",
        (flow_id,),
    ) == [(4000, 2800, 1200)]
    scene.check_nothing_is_left(db, orchestrator, where)


@pytest.mark.usefixtures("checked")
def test_a_node_that_needs_them_all_ends_at_the_first_failure(
    db: Any, where: Any, there: str, orchestrator: Any, faults: Faults, rng: random.Random
) -> None:
    """Three in ten of 4,000 steps would fail: the run fails, and no step took effect that did not finish.
    Some end before they have become tasks."""
    told = steps.numbered(4000)
    failing = set(rng.sample([step["step"] for step in told], 1200))
    told = [step | {"fail": "true"} if step["step"] in failing else step for step in told]
    flow_id = steps.start(db, "work.run", told, there, all_steps_must_complete=True)
    assert wait_run(db, flow_id, 60) == "FAILED"
    by_status: dict[str, set[str]] = {"FINISHED": set(), "FAILED": set(), "CANCELED": set()}
    for step, result in steps.ended(db, flow_id).items():
        by_status[result.status].add(step)
    faults.hit("callback raises an error", len(by_status["FAILED"]))
    assert by_status["FAILED"]
    assert by_status["FAILED"] <= failing
    assert by_status["CANCELED"]
    steps.check_once(where, flow_id, by_status["FINISHED"])
    scene.check_nothing_is_left(db, orchestrator, where)
