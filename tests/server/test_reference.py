"""docs/reference.md and the catalogue of a server with the extensions say the same."""

import re
from pathlib import Path
from typing import Any

import pytest
from pgflow_build.extension import read_extensions
from pgflow_build.reference.keys import KINDS, read_sections
from pgflow_build.reference.model import Objects, Routine
from pgflow_build.reference.read import read_objects

from tests.support.database import Database

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/reference.md").read_text()
MEMBERS = """
  SELECT d.objid FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
  WHERE d.refclassid = 'pg_extension'::REGCLASS AND d.deptype = 'e' AND e.extname LIKE 'pg%'
    AND d.classid = 'pg_{kind}'::REGCLASS"""
ARGUMENTS = """
  SELECT p.oid::REGPROC::TEXT, array_agg(
    ARRAY[a.name, format_type(a.type, NULL), (a.mode = 'o')::TEXT,
          CASE WHEN a.mode = 'o' THEN NULL ELSE (a.place > p.pronargs - p.pronargdefaults)::TEXT END]
    ORDER BY a.no) FILTER (WHERE a.name IS NOT NULL)
  FROM pg_proc p
  LEFT JOIN LATERAL (
    SELECT n.name, n.no, t.type, coalesce(m.mode, 'i') AS mode,
           count(*) FILTER (WHERE coalesce(m.mode, 'i') <> 'o') OVER (ORDER BY n.no) AS place
    FROM unnest(p.proargnames) WITH ORDINALITY AS n(name, no)
    JOIN unnest(coalesce(p.proallargtypes, p.proargtypes::OID[])) WITH ORDINALITY AS t(type, no) USING (no)
    LEFT JOIN unnest(p.proargmodes) WITH ORDINALITY AS m(mode, no) USING (no)) a ON true
  WHERE p.pronamespace IN ('async'::REGNAMESPACE, 'flow'::REGNAMESPACE)
  GROUP BY p.oid"""
COLUMNS = """
  SELECT c.oid::REGCLASS::TEXT, array_agg(a.attname ORDER BY a.attnum)
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  WHERE coalesce(obj_description(c.oid, 'pg_class'), obj_description(c.reltype, 'pg_type')) !~ '^Engine:'
    AND coalesce(col_description(c.oid, a.attnum), '') !~ '^Engine:'
    AND c.relkind IN ('r', 'v', 'c') AND c.relnamespace IN ('async'::REGNAMESPACE, 'flow'::REGNAMESPACE)
  GROUP BY c.oid"""
NOT_COMPARED = {"node", "target", "routine", "step_routine", "connection_string"}
"""Keys that the test gives, or whose default is the name of the node."""


@pytest.fixture(scope="module")
def objects() -> Objects:
    return read_objects(read_extensions(ROOT))


def sections_of(page: str, level: str) -> dict[str, str]:
    """Return the text under each heading of a level."""
    parts = re.split(rf"^{level} (.*)\n", page, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def shown() -> dict[str, str]:
    """Return what the page says of each call, view, type and table."""
    return {name: text for name, text in sections_of(PAGE, "###").items() if ":" not in name}


def test_every_public_call_is_there_and_no_other(db: Database) -> None:
    calls = db.execute(f"""
      SELECT p.oid::REGPROC::TEXT FROM pg_proc p
      WHERE obj_description(p.oid, 'pg_proc') !~ '^Engine:' AND p.oid IN ({MEMBERS.format(kind="proc")})""")
    assert {name for (name,) in calls} == {
        name for name, text in shown().items() if text.startswith("\n```\n")
    }


def test_arguments_are_those_of_the_catalogue(db: Database, objects: Objects) -> None:
    """Several may have one name."""
    found = db.execute(ARGUMENTS)
    for routine in objects.routines:
        assert (routine.name, described(db, routine) or None) in found, routine.name


def described(db: Database, routine: Routine) -> list[list[str | None]]:
    """Return the arguments of a routine as the sources have them, types as the server calls them."""
    return [
        [
            argument.name,
            db.value("SELECT format_type(%s::REGTYPE, NULL)", [argument.type]),
            str(argument.is_output).lower(),
            None if argument.is_output else str(argument.default is not None).lower(),
        ]
        for argument in routine.arguments
    ]


def test_every_column_is_there_and_no_other(db: Database) -> None:
    """Of views, composite types and tables, in their order."""
    columns = {name: re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE) for name, text in shown().items()}
    relations = {name: found for name, found in columns.items() if "```" not in shown()[name] and found}
    assert relations == dict(db.execute(COLUMNS))


def test_every_domain_is_there(db: Database) -> None:
    domains = db.execute(
        "SELECT oid::REGTYPE::TEXT FROM pg_type WHERE typtype = 'd' AND typnamespace = 'async'::REGNAMESPACE"
    )
    assert {name for (name,) in domains} == {
        name for name, text in shown().items() if "```" not in text and "|" not in text
    }


def test_keys_take_what_the_server_says(db: Database) -> None:
    """The words are those of the error that a wrong value gets."""
    for kind, words in KINDS.items():
        rule = f'{{"kind": "{kind}", "least": 1, "most": 9, "words": ["a", "b"]}}'
        said = db.value("SELECT async.describe_wanted_value(%s, '{}')", [rule])
        assert said == words.format(least=1, most=9, words="a, b") + ", not an object"


def test_every_key_is_there_and_no_other(db: Database) -> None:
    keys = {
        section: set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
        for heading, text in sections_of(PAGE, "###").items()
        for call, _, section in [heading.partition(": ")]
        if section
    }
    rules = db.value("SELECT async.get_configuration_rules() || flow.get_configuration_rules()")
    assert keys == {section: set(given) for section, given in rules.items()}


def test_defaults_are_those_that_the_engine_fills_in(db: Database, objects: Objects) -> None:
    """Of the engine's settings, of a target, and of a node with nothing but a name and a target."""
    db.execute("""SELECT async.configure('{"targets": [{"target": "t", "connection_string": "host=h"}]}')""")
    db.execute("""SELECT flow.configure_flow('f', '{"nodes": [{"node": "n", "target": "t"}]}')""")
    rows: dict[str, Any] = {
        "control": db.value("SELECT to_jsonb(c) FROM async.control c"),
        "targets": db.value("SELECT to_jsonb(t) FROM async.target t WHERE target = 't'"),
        "node": db.value("SELECT to_jsonb(n) FROM flow.definition_node n"),
    }
    compared = 0
    for section in read_sections(read_extensions(ROOT), objects):
        for key in section.keys:
            row = rows.get(section.name, {})
            if key.name in row.keys() - NOT_COMPARED:
                assert is_same(db, row[key.name], key.default), key.name
                compared += 1
    assert compared > 30


def is_same(db: Database, value: Any, default: str) -> bool:
    """Tell whether a value of a row is what the reference has, maybe in another form of an interval."""
    said = "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    if said == default:
        return True
    return isinstance(value, str) and bool(db.value("SELECT %s::INTERVAL = %s::INTERVAL", [value, default]))
