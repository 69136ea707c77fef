"""How much there is of what must not grow: memory, tables, dead rows, WAL."""

import time
from dataclasses import dataclass

from bench.rows.memory import own_memory
from bench.scene import Scene

_TABLES = """
SELECT sum(pg_total_relation_size(c.oid))::BIGINT, coalesce(sum(s.n_dead_tup), 0)::BIGINT
FROM pg_class c LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid
WHERE c.relkind = 'r' AND c.relnamespace IN ('async'::REGNAMESPACE, 'flow'::REGNAMESPACE)"""


@dataclass(frozen=True)
class Sizes:
    """What there is at one moment."""

    at: float
    """Seconds of a clock that only goes on."""
    calls: int
    """Callbacks that have been called, on all databases."""
    wal: int
    """Bytes of WAL that the server has ever written."""
    memory: float
    """MiB that the orchestrator's session has of its own."""
    tables: int
    """Bytes of the extensions' tables, their indexes included, in the orchestrator's database."""
    dead: int
    """Dead rows in them, as far as PostgreSQL knows: as of their last vacuum."""


def look(scene: Scene, calls: int) -> Sizes:
    """Measure; calls: callbacks that have been called so far."""
    row = scene.session.execute(_TABLES).fetchone()
    assert row is not None
    wal = scene.one("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::BIGINT")
    return Sizes(time.monotonic(), calls, wal, own_memory(scene.orchestrator.pid), row[0], row[1])
