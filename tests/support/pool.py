"""One server a major for the whole test session, started when first asked for."""

from pgflow_build import profiles
from pgflow_build.servers import Server

from tests.support.database import (
    CLIENT_EXTENSION,
    SERVER_EXTENSION,
    Database,
    create_database,
    create_with_extension,
)

SERVER_TEMPLATE = "pgflow_template"
CLIENT_TEMPLATE = "client_template"

FAST = {"fsync": "off", "full_page_writes": "off", "max_connections": "200"}
"""Settings for servers whose tests do not ask what survives a crash of the machine."""

MADE_TO_BE_KILLED = {"dynamic_shared_memory_type": "mmap"}
"""Settings that keep what a killed server leaves among its files, which are removed."""

_EXTENSIONS = {SERVER_TEMPLATE: SERVER_EXTENSION, CLIENT_TEMPLATE: CLIENT_EXTENSION}


class ServerPool:
    """The servers of a test session, with our extensions installed, and their template databases.

    settings: more of them for each server, which win over the usual ones.
    """

    def __init__(self, settings: dict[str, str] | None = None) -> None:
        self._settings = settings or {}
        self._servers: dict[str, Server] = {}
        self._templates: set[tuple[str, str]] = set()

    def get(self, major: str) -> Server:
        """Return the running server of ``major``."""
        if major not in self._servers:
            server = Server(major, settings={**FAST, **self._settings, **profiles.settings(major)})
            server.install()
            self._servers[major] = server
        return self._servers[major].start()

    def clone(self, server: Server, template: str) -> Database:
        """Return a new database with the extensions of ``template``, which is made when first asked for."""
        if (server.major, template) not in self._templates:
            create_with_extension(server, _EXTENSIONS[template], template)
            self._templates.add((server.major, template))
        return create_database(server, template=template)

    def stop(self, *majors: str) -> None:
        """Stop the servers of ``majors``, or every server; their files are removed."""
        for major in majors or list(self._servers):
            server = self._servers.pop(major)
            profiles.collect_all(server)
            server.stop("immediate")
            self._templates = {key for key in self._templates if key[0] != major}
