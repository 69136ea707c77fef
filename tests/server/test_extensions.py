"""The extensions come and go without a trace, and give nothing to PUBLIC, on every major."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from pgflow_build.manifest import EXTENSIONS
from pgflow_build.servers import Server

from tests.support.database import CLIENT_EXTENSION, SERVER_EXTENSION, Database, create_database

OF_CLIENT = ["dblink", "pgasync", "pgflow"]
OF_SERVER = sorted(["dblink", *EXTENSIONS])

CATALOGUE = """
SELECT 'schema', nspname::text FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp_'
UNION ALL
SELECT 'relation', oid::regclass::text FROM pg_class
UNION ALL
SELECT 'routine', oid::regprocedure::text FROM pg_proc
UNION ALL
SELECT 'type', oid::regtype::text FROM pg_type
UNION ALL
SELECT 'constraint', conname::text FROM pg_constraint
UNION ALL
SELECT 'trigger', tgname::text FROM pg_trigger
UNION ALL
SELECT 'event trigger', evtname::text FROM pg_event_trigger
UNION ALL
SELECT 'cast', castsource::regtype || ' to ' || casttarget::regtype FROM pg_cast
UNION ALL
SELECT 'operator', oid::regoperator::text FROM pg_operator
UNION ALL
SELECT 'foreign data wrapper', fdwname::text FROM pg_foreign_data_wrapper
UNION ALL
SELECT 'foreign server', srvname::text FROM pg_foreign_server
UNION ALL
SELECT 'extension', extname::text FROM pg_extension
UNION ALL
SELECT 'default privileges', oid::text FROM pg_default_acl
UNION ALL
SELECT 'role', rolname::text FROM pg_roles
"""

# Privileges of grantee 0, which is PUBLIC, on members of our extensions, on the types of their rows too.
GIVEN_TO_PUBLIC = """
WITH member AS (
  SELECT d.classid, d.objid
  FROM pg_depend d
  JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
  WHERE d.deptype = 'e' AND e.extname = ANY (%s)
)
SELECT found.what, a.privilege_type
FROM (
  SELECT 'schema ' || n.nspname AS what, COALESCE(n.nspacl, acldefault('n', n.nspowner)) AS acl
  FROM member m JOIN pg_namespace n ON m.classid = 'pg_namespace'::regclass AND m.objid = n.oid
  UNION ALL
  SELECT 'routine ' || p.oid::regprocedure, COALESCE(p.proacl, acldefault('f', p.proowner))
  FROM member m JOIN pg_proc p ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
  UNION ALL
  SELECT 'relation ' || c.oid::regclass, COALESCE(c.relacl, acldefault('r', c.relowner))
  FROM member m JOIN pg_class c ON m.classid = 'pg_class'::regclass AND m.objid = c.oid
  UNION ALL
  SELECT 'type ' || t.oid::regtype, COALESCE(t.typacl, acldefault('T', t.typowner))
  FROM member m
  JOIN pg_type t
    ON (m.classid = 'pg_class'::regclass AND m.objid = t.typrelid)
    OR (m.classid = 'pg_type'::regclass AND m.objid = t.oid AND t.typcategory <> 'A')
) AS found
CROSS JOIN LATERAL aclexplode(found.acl) AS a
WHERE a.grantee = 0
ORDER BY 1, 2
"""


@pytest.fixture
def empty(server: Server) -> Iterator[Database]:
    """A database without extensions."""
    database = create_database(server)
    yield database
    database.drop()


def extensions(db: Database) -> list[str]:
    return [
        name
        for (name,) in db.execute("SELECT extname FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY 1")
    ]


def catalogue(db: Database) -> set[tuple[Any, ...]]:
    return set(db.execute(CATALOGUE))


@pytest.mark.parametrize(
    ("extension", "expected"),
    [(CLIENT_EXTENSION, OF_CLIENT), (SERVER_EXTENSION, OF_SERVER)],
    ids=["client", "server"],
)
def test_extensions_come_together_and_leave_nothing(
    empty: Database, extension: str, expected: list[str]
) -> None:
    before = catalogue(empty)
    empty.execute(f"CREATE EXTENSION {extension} CASCADE")
    assert extensions(empty) == expected
    for name in reversed(["dblink", *(name for name in EXTENSIONS if name in expected)]):
        empty.execute(f"DROP EXTENSION {name}")
    assert catalogue(empty) ^ before == set()


def test_dropping_the_lowest_takes_the_rest_along(empty: Database) -> None:
    before = catalogue(empty)
    empty.execute("CREATE EXTENSION pgflow_ui CASCADE")
    empty.execute("DROP EXTENSION dblink CASCADE")
    assert catalogue(empty) ^ before == set()


def test_extensions_can_be_dropped_and_made_again(empty: Database) -> None:
    for _ in range(2):
        empty.execute("CREATE EXTENSION pgflow_ui CASCADE")
        empty.execute("DROP EXTENSION pgasync CASCADE")


def test_dblink_may_be_in_any_schema(empty: Database) -> None:
    empty.execute('CREATE SCHEMA "Other\'s schema"')
    empty.execute('CREATE EXTENSION dblink SCHEMA "Other\'s schema"')
    empty.execute("CREATE EXTENSION pgflow_ui CASCADE")
    assert extensions(empty) == OF_SERVER


def test_nothing_is_given_to_public(empty: Database) -> None:
    empty.execute("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC")
    empty.execute("CREATE EXTENSION pgflow_ui CASCADE")
    assert empty.execute(GIVEN_TO_PUBLIC, [list(EXTENSIONS)]) == []


def test_all_that_the_scripts_make_are_members(empty: Database) -> None:
    """What is in our schemas without being a member would stay behind or be dumped twice."""
    empty.execute("CREATE EXTENSION pgflow_ui CASCADE")
    strangers = empty.execute(
        """
        SELECT o.what FROM (
          SELECT oid::regprocedure::text AS what, oid, 'pg_proc'::regclass AS classid FROM pg_proc
          WHERE pronamespace IN ('async'::regnamespace, 'flow'::regnamespace)
          UNION ALL
          SELECT oid::regclass::text, oid, 'pg_class'::regclass FROM pg_class
          WHERE relnamespace IN ('async'::regnamespace, 'flow'::regnamespace)
            AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
        ) AS o
        WHERE NOT EXISTS (
          SELECT FROM pg_depend d
          WHERE d.classid = o.classid AND d.objid = o.oid AND d.deptype IN ('e', 'i') AND d.objsubid = 0)
        """
    )
    assert strangers == []


def test_requirement_of_another_version_is_refused(empty: Database) -> None:
    empty.execute("CREATE EXTENSION pgasync CASCADE")
    empty.execute("UPDATE pg_extension SET extversion = '0.9' WHERE extname = 'pgasync'")
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState) as caught:
        empty.execute("CREATE EXTENSION pgflow")
    assert (
        caught.value.diag.message_primary == 'extension "pgflow" 1.0 needs extension "pgasync" 1.0, not 0.9'
    )
    assert caught.value.diag.message_hint == "Run ALTER EXTENSION pgasync UPDATE TO '1.0' first."
