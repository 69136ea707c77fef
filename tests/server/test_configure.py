"""async.configure: what it takes, what it refuses, and that a refusal changes nothing and tells no secret."""

from __future__ import annotations

import json
import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from tests.support.wait import until

TABLES = ("async.control", "async.target", "async.concurrency_pool")
SECRET = "hunter2"
FAR = {"connection_string": "host=far dbname=far"}


def configure(db: Any, **configuration: Any) -> None:
    db.execute("SELECT async.configure(%s)", (json.dumps(configuration),))


def contents(db: Any) -> dict[str, list[Any]]:
    return {table: db.execute(f"SELECT t::TEXT FROM {table} t ORDER BY 1") for table in TABLES}


def refused(db: Any, configuration: Any) -> tuple[list[str], psycopg.errors.Diagnostic]:
    """The lines of the one error that the configuration raises; it changed nothing and told no secret."""
    before = contents(db)
    with pytest.raises(psycopg.Error) as caught:
        db.execute("SELECT async.configure(%s)", (json.dumps(configuration),))
    diag = caught.value.diag
    assert diag.sqlstate == "PF006"
    assert diag.message_primary == "configuration of the task engine is not valid"
    assert contents(db) == before
    told = [diag.message_primary, diag.message_detail, diag.message_hint, diag.context]
    assert not any(SECRET in text for text in told if text)
    assert diag.message_detail is not None
    return diag.message_detail.split("\n"), diag


def control(db: Any, *columns: str) -> Any:
    return db.execute(f"SELECT {', '.join(columns)} FROM async.control")[0]


def pools(db: Any) -> dict[str, Any]:
    """Name of each pool: its limit, and the name of the target that it belongs to."""
    rows = db.execute(
        "SELECT p.concurrency_pool, p.max_workers, t.target FROM async.concurrency_pool p "
        "LEFT JOIN async.target t USING (target_id)"
    )
    return {name: (most, target) for name, most, target in rows}


def is_waiting(db: Any, session: psycopg.Connection[Any]) -> bool:
    """Is the session waiting for a lock?"""
    query = "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %s"
    return bool(db.value(query, (session.info.backend_pid,)))


# ---- what is there from the start ----


def test_a_new_server_has_itself_as_target(db: Any) -> None:
    assert db.execute("SELECT target, connection_string, enabled FROM async.target") == [("self", None, True)]
    assert db.value(
        "SELECT t.max_concurrency = c.self_concurrency AND t.target = c.self_target "
        "FROM async.control c, async.target t"
    )
    assert pools(db) == {"self": (db.value("SELECT self_concurrency FROM async.control"), "self")}


def test_control_has_one_row(db: Any) -> None:
    for values in ("(singleton) VALUES (false)", "(singleton) VALUES (NULL)"):
        with pytest.raises(psycopg.errors.IntegrityError):
            db.execute(f"INSERT INTO async.control{values}")
    db.execute("INSERT INTO async.control DEFAULT VALUES")
    assert db.value("SELECT count(*) FROM async.control") == 1


# ---- control ----

SETTINGS = {
    "workers": (5, "5"),
    "idle_sleep": ("20 ms", "00:00:00.02"),
    "busy_sleep": (0, "00:00:00"),
    "default_timeout": (90, "00:01:30"),
    "task_keep_duration": ("7 days", "7 days"),
    "light_maintenance_sleep": ("1:30", "01:30:00"),
    "heavy_maintenance_sleep": ("P1DT2H", "1 day 02:00:00"),
    "self_target": ("home", "home"),
    "self_connection_string": ("service=home", "service=home"),
    "self_concurrency": (3.0, "3"),
    "default_concurrency_pool_workers": (9, "9"),
    "advisory_mutex_id": (-9223372036854775808, "-9223372036854775808"),
    "log_level": ("DEBUG", "DEBUG"),
}


def settings(db: Any) -> dict[str, Any]:
    return dict(zip(SETTINGS, control(db, *(f"{name}::TEXT" for name in SETTINGS)), strict=True))


def test_each_setting_alone(db: Any) -> None:
    for name, (given, stored) in SETTINGS.items():
        before = settings(db)
        assert before[name] != stored
        configure(db, control={name: given})
        assert settings(db) == before | {name: stored}


def test_all_settings_together_and_nothing_named_changes_nothing(db: Any) -> None:
    configure(db, control={name: given for name, (given, _) in SETTINGS.items()})
    assert settings(db) == {name: stored for name, (_, stored) in SETTINGS.items()}
    for nothing in ({}, {"control": {}}, {"control": None, "targets": None}, {"targets": []}):
        configure(db, **nothing)
        assert settings(db) == {name: stored for name, (_, stored) in SETTINGS.items()}


def test_no_timeout_and_no_connection_string(db: Any) -> None:
    configure(db, control={"self_connection_string": "service=home"})
    configure(db, control={"default_timeout": None, "self_connection_string": None})
    assert control(db, "default_timeout", "self_connection_string") == (None, None)


WRONG_SETTINGS = [
    ("workers", 0),
    ("workers", "5"),
    ("workers", 2.5),
    ("workers", True),
    ("workers", None),
    ("workers", 1e300),
    ("idle_sleep", "soon"),
    ("idle_sleep", 0),
    ("idle_sleep", "-1 s"),
    ("idle_sleep", None),
    ("busy_sleep", "-1 s"),
    ("busy_sleep", False),
    ("default_timeout", "0"),
    ("default_timeout", "9999 years"),
    ("default_timeout", 1e300),
    ("task_keep_duration", []),
    ("light_maintenance_sleep", ""),
    ("heavy_maintenance_sleep", {}),
    ("self_target", ""),
    ("self_target", 1),
    ("self_target", "two\nlines"),
    ("self_target", None),
    ("self_concurrency", -1),
    ("default_concurrency_pool_workers", 0),
    ("advisory_mutex_id", 2**63),
    ("advisory_mutex_id", 0.5),
    ("log_level", "LOUD"),
    ("log_level", 1),
    ("self_connection_string", 5),
    ("self_connection_string", ""),
]


def test_each_wrong_setting(db: Any) -> None:
    for name, given in WRONG_SETTINGS:
        good = {"workers": 3} if name != "workers" else {"busy_sleep": 1}
        (line,), _ = refused(db, {"control": {name: given} | good})
        assert line.startswith(f"control: {name} must be "), given


def test_unknown_keys_whatever_they_hold(db: Any) -> None:
    for value in (True, None, 1, "x", [], {}):
        lines, _ = refused(db, {"control": {"wokers": value}})
        assert lines == ['control: unknown key "wokers" (did you mean "workers"?)']


def test_all_wrong_settings_are_named_at_once(db: Any) -> None:
    wrong = dict(WRONG_SETTINGS)
    lines, _ = refused(db, {"control": wrong})
    assert [line.split(" must be ")[0] for line in lines] == [f"control: {name}" for name in sorted(wrong)]


# ---- targets ----


def test_targets_are_made_and_changed(db: Any) -> None:
    columns = (
        "target, connection_string, max_concurrency, asynchronous_finish, default_timeout::TEXT, "
        "concurrency_track_yielded, enabled"
    )
    select = f"SELECT {columns} FROM async.target WHERE target <> 'self' ORDER BY target_id"
    configure(db, targets=[{"target": "a", "connection_string": "host=a"}])
    assert db.execute(select) == [("a", "host=a", 8, False, None, False, True)]
    a_id = db.value("SELECT target_id FROM async.target WHERE target = 'a'")
    everything = {
        "connection_string": "host=b dbname=c user=a",
        "max_concurrency": 3,
        "asynchronous_finish": True,
        "default_timeout": "2 h",
        "concurrency_track_yielded": True,
        "enabled": False,
    }
    changed = ("host=b dbname=c user=a", 3, True, "02:00:00", True, False)
    configure(db, targets=[{"target": "b"} | everything, {"target": "a"} | everything])
    assert db.execute(select) == [("a", *changed), ("b", *changed)]
    configure(db, targets=[{"target": "a"}])
    assert db.execute(select) == [("a", *changed), ("b", *changed)]
    configure(db, targets=[{"target": "a", "default_timeout": None, "enabled": True}])
    assert db.execute(select)[0] == ("a", "host=b dbname=c user=a", 3, True, None, True, True)
    assert db.value("SELECT target_id FROM async.target WHERE target = 'a'") == a_id


def test_connection_strings_that_are_taken(db: Any) -> None:
    db.execute("CREATE FOREIGN DATA WRAPPER some_wrapper")
    db.execute('CREATE SERVER "foreign one" FOREIGN DATA WRAPPER some_wrapper')
    for connection_string in (
        "host=a",
        "  host = a  port=1",
        "service=a",
        "passfile=/a",
        "dbname='a b' user=c",
        r"dbname='a \'b\\ c' options = '-c a=b\\ c'",
        "foreign one",
    ):
        configure(db, targets=[{"target": "a", "connection_string": connection_string}])
        assert db.value("SELECT connection_string FROM async.target WHERE target = 'a'") == connection_string
    (line,), _ = refused(db, {"targets": [{"target": "a", "connection_string": "foreign two"}]})
    assert line.startswith('target "a": connection_string is neither a conninfo nor the name of a')


def test_connection_strings_that_are_refused(db: Any) -> None:
    """Rather than failing later, when a target is to be reached."""
    for connection_string, why in {
        "postgresql:///a": "is a URI",
        "postgres://user@host:5432/db?connect_timeout=3": "is a URI",
        "host=a dbname": "is not well-formed",
        "host=a dbname='b": "is not well-formed",
        "host=a b c=d": "is not well-formed",
        "host=": "is not well-formed",
    }.items():
        (line,), _ = refused(db, {"targets": [{"target": "a", "connection_string": connection_string}]})
        assert line.startswith(f'target "a": connection_string {why}')
        assert connection_string not in line


PASSWORDS = [
    f"host=a password={SECRET}",
    f"password = '{SECRET}' host=a",
    f"host=a application_name=b' password={SECRET}",
    f"host=a options='-c a=b\\' ' password={SECRET}",
    f"host=a sslpassword={SECRET}",
    f"host=a PASSWORD={SECRET}",
    f"password={SECRET} postgresql://a",
    f"postgresql://user:{SECRET}@host/db",
    f"postgres://user:{SECRET}@host",
    f"postgresql://user:{SECRET}?@host/db",
    f"postgresql://host/db?password={SECRET}",
    f"postgresql://host/db?user=a&sslpassword={SECRET}",
]


def test_a_password_is_refused_unless_allowed(db: Any) -> None:
    for text in PASSWORDS:
        target = {"target": "a", "connection_string": text}
        for denied in ({}, {"allow_password": False}, {"allow_password": None}):
            lines, diag = refused(db, {"targets": [target | denied]})
            assert 'target "a": connection_string holds a password' in lines, text
            for way in ("service file", "password file", "foreign server", "allow_password"):
                assert way in str(diag.message_hint)
        lines, _ = refused(
            db, {"control": {"self_connection_string": text}, "targets": [FAR | {"target": "a"}]}
        )
        assert lines == ["control: self_connection_string holds a password"], text


def test_a_password_is_taken_if_allowed(db: Any) -> None:
    for text in PASSWORDS:
        if "://" in text:
            refused(db, {"targets": [{"target": "a", "connection_string": text, "allow_password": True}]})
            continue
        configure(
            db,
            control={"self_connection_string": text, "allow_password": True},
            targets=[{"target": "a", "connection_string": text, "allow_password": True}],
        )
        assert db.value("SELECT connection_string FROM async.target WHERE target = 'a'") == text
        assert control(db, "self_connection_string") == (text,)


def test_no_other_mistake_tells_a_connection_string(db: Any) -> None:
    """Not even one in a wrong place, nor of a wrong type."""
    text = f"host=a password={SECRET}"
    for wrong in (
        {"targets": text},
        {"targets": [text]},
        {"targets": [{"target": text}]},
        {"targets": [{"target": text, "connection_string": text}, {"target": text}]},
        {"targets": [{"target": "a", "connection_string": {"host": SECRET}}]},
        {"targets": [{"target": "a", "connection_string": [text]}]},
        {"targets": [{"target": {"password": SECRET}}]},
        {"targets": [FAR | {"target": "a", "enabled": [SECRET], "default_timeout": {"password": SECRET}}]},
        {"targets": [{"target": "a", "conection_string": text}]},
        {"targets": [{"target": "a", "connection_string": f"{SECRET} is no server"}]},
        {"targets": [{"target": "a", "max_concurrency": text} | FAR]},
        {"control": text},
        {"control": {"workers": text, "log_level": text, "idle_sleep": text}},
        {"control": {"self_target": text}},
        {"control": {"self_connection_string": [text]}},
        {"concurrency_pools": [{"concurrency_pool": text}, text]},
        [text],
        text,
    ):
        refused(db, wrong)


WRONG_TARGETS: list[tuple[Any, str]] = [
    ({"target": "a"}, 'target "a": connection_string is missing'),
    ({"target": "known", "connection_string": None}, 'target "known": connection_string is missing'),
    (FAR, "targets[1]: target is missing"),
    (FAR | {"target": None}, "targets[1]: target must be a name"),
    (FAR | {"target": 5}, "targets[1]: target must be a name"),
    (FAR | {"target": "x" * 64}, "targets[1]: target must be a name"),
    (FAR | {"target": " a"}, "targets[1]: target must be a name"),
    ("a", "targets[1] must be an object"),
    (
        {"target": "a", "connection_string": "no_such_server"},
        'target "a": connection_string is neither a conninfo nor the name of a foreign server',
    ),
    (
        FAR | {"target": "a", "max_concurency": 3},
        'target "a": unknown key "max_concurency" (did you mean "max_concurrency"?)',
    ),
    (FAR | {"target": "a", "max_concurrency": 0}, 'target "a": max_concurrency must be an integer from 1 to'),
    (FAR | {"target": "a", "max_concurrency": "3"}, 'target "a": max_concurrency must be an integer'),
    (FAR | {"target": "a", "max_concurrency": None}, 'target "a": max_concurrency must be an integer'),
    (FAR | {"target": "a", "asynchronous_finish": "yes"}, 'target "a": asynchronous_finish must be true or'),
    (FAR | {"target": "a", "concurrency_track_yielded": 1}, 'target "a": concurrency_track_yielded must be'),
    (FAR | {"target": "a", "enabled": "on"}, 'target "a": enabled must be true or false, not "on"'),
    (FAR | {"target": "a", "default_timeout": "x"}, 'target "a": default_timeout must be an interval'),
    (FAR | {"target": "a", "default_timeout": 0}, 'target "a": default_timeout must be an interval'),
    (FAR | {"target": "a", "allow_password": 1}, 'target "a": allow_password must be true or false, not 1'),
]


def test_each_wrong_target(db: Any) -> None:
    configure(db, targets=[{"target": "known"} | FAR])
    for target, expected in WRONG_TARGETS:
        (line,), _ = refused(db, {"targets": [target], "control": {"workers": 3}})
        assert line.startswith(expected), target


def test_everything_wrong_is_named_at_once_in_the_order_of_the_configuration(db: Any) -> None:
    wrong = {
        "tragets": [],
        "control": {"wokers": 1, "workers": "many"},
        "targets": [
            {"target": "z", "connection_string": "host=z", "enabled": 0},
            {"target": "a"},
            17,
            {"target": "a", "connection_string": "host=a"},
        ],
        "concurrency_pools": {"concurrency_pool": "p"},
    }
    lines, _ = refused(db, wrong)
    assert lines == [
        'unknown key "tragets" (did you mean "targets"?)',
        'control: unknown key "wokers" (did you mean "workers"?)',
        'control: workers must be an integer from 1 to 10000, not "many"',
        'target "z": enabled must be true or false, not 0',
        'target "a" is given twice',
        "targets[3] must be an object",
        "concurrency_pools must be an array",
    ]
    assert refused(db, wrong)[0] == lines


def test_what_is_no_object(db: Any) -> None:
    for wrong in (None, [], 3, "x"):
        lines, _ = refused(db, wrong)
        assert lines == ["it must be an object with the keys control, targets and concurrency_pools"]


def test_sql_null_is_refused(db: Any) -> None:
    with pytest.raises(psycopg.Error) as caught:
        db.execute("SELECT async.configure(NULL)")
    assert caught.value.sqlstate == "PF006"


def test_many_problems_are_counted(db: Any) -> None:
    lines, _ = refused(db, {"targets": [{"target": f"t{number:03}"} for number in range(120)]})
    assert len(lines) == 51
    assert lines[0].startswith('target "t000": connection_string is missing')
    assert lines[-1] == "and 70 more"


# ---- the target that is this database ----


def test_self_target_is_renamed_and_its_pool_too(db: Any) -> None:
    ids = db.execute(
        "SELECT t.target_id, p.pool_id FROM async.target t JOIN async.concurrency_pool p USING (target_id)"
    )
    configure(db, control={"self_target": "home", "self_concurrency": 5})
    assert db.execute("SELECT target, connection_string, max_concurrency FROM async.target") == [
        ("home", None, 5)
    ]
    assert pools(db) == {"home": (5, "home")}
    assert ids == db.execute(
        "SELECT t.target_id, p.pool_id FROM async.target t JOIN async.concurrency_pool p USING (target_id)"
    )
    configure(db, targets=[{"target": "self"} | FAR])
    assert pools(db) == {"home": (5, "home"), "self": (8, "self")}


def test_self_target_as_a_target(db: Any) -> None:
    """Its limit and its connection string are those of control, whichever way they are given."""
    configure(
        db,
        control={"self_target": "home"},
        targets=[
            {"target": "home", "max_concurrency": 7, "connection_string": "service=home", "enabled": False}
        ],
    )
    assert control(db, "self_concurrency", "self_connection_string") == (7, "service=home")
    assert db.execute("SELECT connection_string, max_concurrency, enabled FROM async.target") == [
        (None, 7, False)
    ]
    configure(db, targets=[{"target": "home", "connection_string": None}])
    assert control(db, "self_concurrency", "self_connection_string") == (7, None)


def test_self_target_with_two_answers(db: Any) -> None:
    lines, _ = refused(
        db,
        {
            "control": {"self_concurrency": 2, "self_connection_string": "host=a"},
            "targets": [{"target": "self", "max_concurrency": 3, "connection_string": "host=b"}],
        },
    )
    assert lines == [
        'target "self": connection_string is not self_connection_string of control, though they are the same',
        'target "self": max_concurrency is not self_concurrency of control, though they are the same limit',
    ]


def test_self_target_takes_no_name_that_is_taken(db: Any) -> None:
    configure(db, targets=[{"target": "a"} | FAR], concurrency_pools=[{"concurrency_pool": "p"}])
    lines, _ = refused(db, {"control": {"self_target": "a"}})
    assert lines == ['control: self_target "a" is the name of another target']
    lines, _ = refused(db, {"control": {"self_target": "p"}})
    assert lines == ['control: self_target "p" is the name of a concurrency pool']
    configure(db, control={"self_target": "self"})


# ---- concurrency pools ----


def test_pools_are_made_and_changed(db: Any) -> None:
    configure(
        db,
        control={"default_concurrency_pool_workers": 4},
        concurrency_pools=[{"concurrency_pool": "p", "max_workers": 2}, {"concurrency_pool": "q"}],
    )
    own = {"self": pools(db)["self"]}
    assert pools(db) == own | {"p": (2, None), "q": (4, None)}
    configure(db, concurrency_pools=[{"concurrency_pool": "p", "max_workers": 9}, {"concurrency_pool": "q"}])
    assert pools(db) == own | {"p": (9, None), "q": (4, None)}


def test_a_target_has_the_pool_of_its_name(db: Any) -> None:
    configure(db, concurrency_pools=[{"concurrency_pool": "a", "max_workers": 1}])
    configure(db, targets=[{"target": "a", "max_concurrency": 3} | FAR, {"target": "b"} | FAR])
    assert pools(db).items() >= {"a": (3, "a"), "b": (8, "b")}.items()
    configure(db, targets=[{"target": "a", "max_concurrency": 6}])
    assert pools(db)["a"] == (6, "a")
    configure(db, control={"self_concurrency": 2})
    assert pools(db)["self"] == (2, "self")
    lines, _ = refused(db, {"concurrency_pools": [{"concurrency_pool": "a", "max_workers": 4}]})
    assert lines == [
        'concurrency pool "a" belongs to the target of that name: '
        "its max_workers is the max_concurrency of the target, 6"
    ]
    configure(
        db,
        targets=[{"target": "a", "max_concurrency": 4}],
        concurrency_pools=[{"concurrency_pool": "a", "max_workers": 4}],
    )
    assert pools(db)["a"] == (4, "a")


WRONG_POOLS: list[tuple[Any, str]] = [
    ({}, "concurrency_pools[1]: concurrency_pool is missing"),
    ({"concurrency_pool": ""}, "concurrency_pools[1]: concurrency_pool must be a name"),
    ({"concurrency_pool": 3}, "concurrency_pools[1]: concurrency_pool must be a name"),
    ({"concurrency_pool": "p", "max_workers": 0}, 'concurrency pool "p": max_workers must be an integer'),
    ({"concurrency_pool": "p", "max_workers": "1"}, 'concurrency pool "p": max_workers must be an integer'),
    (
        {"concurrency_pool": "p", "max_worker": 1},
        'concurrency pool "p": unknown key "max_worker" (did you mean "max_workers"?)',
    ),
    ("p", "concurrency_pools[1] must be an object"),
]


def test_each_wrong_pool(db: Any) -> None:
    for pool, expected in WRONG_POOLS:
        (line,), _ = refused(db, {"concurrency_pools": [pool, {"concurrency_pool": "good"}]})
        assert line.startswith(expected), pool


def test_a_pool_given_twice(db: Any) -> None:
    lines, _ = refused(db, {"concurrency_pools": [{"concurrency_pool": "p"}, {"concurrency_pool": "p"}]})
    assert lines == ['concurrency pool "p" is given twice']


# ---- the orchestrator is told ----


def test_the_version_is_seen_with_the_configuration_and_not_before(db: Any) -> None:
    version = "SELECT configuration_version FROM async.control"
    before = db.value(version)
    with db.connect(autocommit=False) as other:
        other.execute("SELECT async.configure(%s)", (json.dumps({"targets": [{"target": "a"} | FAR]}),))
        assert db.value(version) == before
        other.commit()
    assert db.value(version) > before
    with db.connect(autocommit=False) as other:
        other.execute("SELECT async.configure('{}')")
        other.rollback()
    between = db.value(version)
    configure(db)
    assert db.value(version) > between


def test_a_configuration_waits_for_another_and_is_checked_against_it(db: Any) -> None:
    with db.connect(autocommit=False) as first, db.connect() as second, ThreadPoolExecutor() as threads:
        first.execute("SELECT async.configure(%s)", (json.dumps({"targets": [{"target": "a"} | FAR]}),))
        rename = (json.dumps({"control": {"self_target": "a"}}),)
        waiting = threads.submit(second.execute, "SELECT async.configure(%s)", rename)
        until(lambda: is_waiting(db, second), what="the second configuration to wait")
        first.commit()
        with pytest.raises(psycopg.Error) as caught:
            waiting.result(timeout=30)
    assert caught.value.sqlstate == "PF006"
    assert caught.value.diag.message_detail == 'control: self_target "a" is the name of another target'


# ---- a dump is restored over the rows that a new server has ----


def test_restored_rows_replace_those_of_a_new_server(db: Any) -> None:
    configure(
        db,
        control={"self_target": "home", "workers": 3, "self_concurrency": 2},
        targets=[{"target": "a"} | FAR],
        concurrency_pools=[{"concurrency_pool": "p"}],
    )
    saved = contents(db)
    rows = {table: db.execute(f"SELECT to_jsonb(t)::TEXT FROM {table} t ORDER BY 1") for table in TABLES}
    db.execute("UPDATE async.target SET target = 'self' WHERE target = 'home'")
    db.execute("DELETE FROM async.target WHERE target = 'a'")
    db.execute("DELETE FROM async.concurrency_pool WHERE concurrency_pool <> 'home'")
    db.execute("UPDATE async.concurrency_pool SET concurrency_pool = 'self'")
    db.execute("UPDATE async.control SET self_target = 'self', workers = 16")
    assert contents(db) != saved
    for table in TABLES:
        for (row,) in rows[table]:
            db.execute(f"INSERT INTO {table} SELECT * FROM jsonb_populate_record(NULL::{table}, %s)", (row,))
    assert contents(db) == saved


# ---- private helpers ----


def distance(a: str, b: str) -> int:
    above = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (x != y)))
        above = row
    return above[-1]


def test_edit_distance(db: Any) -> None:
    random_words = random.Random(7)
    words = ["", "a", "ab", "kitten", "sitting", "näher", "naher"]
    words += ["".join(random_words.choices("abc", k=random_words.randint(0, 9))) for _ in range(20)]
    rows = db.execute(
        "SELECT a, b, async.measure_edit_distance(a, b) FROM unnest(%s::TEXT[]) a, unnest(%s::TEXT[]) b",
        (words, words),
    )
    assert len(rows) == len(words) ** 2
    assert [row for row in rows if row[2] != distance(row[0], row[1])] == []


NEAREST: list[tuple[str, list[str], str | None]] = [
    ("prioritty", ["node", "priority", "retries"], "priority"),
    ("PRIORITY", ["node", "priority"], "priority"),
    ("timeout", ["step_timeout", "node_timeout", "retries"], "node_timeout"),
    ("sales.customers", ["customers", "sales.customer", "x"], "sales.customer"),
    ("customers", ["sales.customers", "orders"], "sales.customers"),
    ("nodes", ["node", "mode", "codes"], "codes"),
    ("wildly different", ["node", "mode"], None),
    ("stressed", ["desserts"], None),
    ("b", ["a", "c"], None),
    ("ab", ["ac", "cd"], "ac"),
    ("a", [], None),
    ("", ["a"], None),
    ("naïve", ["naive"], "naive"),
]


def test_nearest_name(db: Any) -> None:
    for name, names, nearest in NEAREST:
        assert db.value("SELECT async.find_nearest_name(%s, %s::TEXT[])", (name, names)) == nearest, name


ROUTINE_NAMES = [
    ("a", True, True),
    ("_a1$", True, True),
    ("schema_1.name", True, True),
    ("grün.öl", True, True),
    ("order", True, True),
    ("a" * 63 + "." + "b" * 63, True, True),
    ("a" * 64, False, False),
    ("a." + "b" * 64, False, False),
    ("ü" * 31, True, True),
    ("ü" * 32, False, False),
    ("", False, False),
    ("A", False, False),
    ("aB", False, False),
    ("1a", False, False),
    ("$a", False, False),
    ("a b", False, False),
    ("a-b", False, False),
    ("a;b", False, False),
    ("a\n", False, False),
    ("a\nb", False, False),
    ("a.", False, False),
    (".a", False, False),
    ("a..b", False, False),
    ("a.b.c", False, False),
    ('"A"', False, True),
    ('"A b"."c.""d"""', False, True),
    ('a."B"', False, True),
    ('"A".b', False, True),
    ('"a', False, False),
    ('"a"b', False, False),
    ('""', False, False),
    ('"A"."', False, False),
    ('"' + "a" * 64 + '"', False, False),
    ('"a"."b"."c"', False, False),
    ("a(); DROP TABLE b; --", False, False),
]
"""A text; whether it is the name of a routine without quotes; with quotes allowed."""


def test_is_routine_name(db: Any) -> None:
    query = "SELECT async.is_routine_name(%s, FALSE), async.is_routine_name(%s, TRUE)"
    for name, plain, quoted in ROUTINE_NAMES:
        assert db.execute(query, (name, name)) == [(plain, quoted)], name
