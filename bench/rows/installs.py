"""The majors of PostgreSQL on which the extensions install."""

import psycopg
from pgflow_build.binaries import MAJORS
from pgflow_build.servers import Server

from bench.options import Options
from bench.results import Requirement, Result, answer
from bench.scene import Scene

ROLES = {"server": "pgflow_ui", "client": "pgflow"}
"""What a server and a client have: each its own database here."""


def installs(_scene: Scene, options: Options) -> list[Result]:
    """Whether ``make install`` and CREATE EXTENSION, for server and client, succeed on each of 11 to 18."""
    majors = MAJORS if options.scale == 1 else (MAJORS[0], MAJORS[-1])
    succeeded = {major: _installs(major, options) for major in majors}
    missing = [major for major, well in succeeded.items() if not well]
    what = f"installs on PostgreSQL {', '.join(majors)}" + (
        f"; not on {', '.join(missing)}" if missing else ""
    )
    return [answer("installs", what, list(succeeded.values()), Requirement(1, 1))]


def _installs(major: str, options: Options) -> bool:
    with Server(major, settings={"fsync": "off"}) as server:
        server.install()
        with server.connect() as session:
            for name in ROLES:
                session.execute(f"CREATE DATABASE {name}".encode())
        try:
            for name, extension in ROLES.items():
                with server.connect(name) as session:
                    session.execute(f"CREATE EXTENSION {extension} CASCADE".encode())
        except psycopg.Error as error:
            options.say(f"PostgreSQL {major}: {error}")
            return False
    return True
