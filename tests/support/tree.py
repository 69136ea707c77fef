"""A work tree of small extensions, for tests of what reads the sources."""

import json
from pathlib import Path

from pgflow_build.manifest import EXTENSIONS

REQUIRED = {
    "pgasync": "dblink",
    "pgasync_server": "pgasync",
    "pgflow": "pgasync",
    "pgflow_server": "pgflow, pgasync_server",
    "pgflow_ui": "pgflow_server",
}
"""What each extension of the tree requires, as its control file has it."""


class Tree:
    """A work tree under ``root`` in which each extension has a schema and a table and a function in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in EXTENSIONS:
            self.write(
                f"{name}.control",
                f"comment = 'one of ours'\ndefault_version = '1.0'\nrequires = '{REQUIRED[name]}'\n",
            )
            self.put(name, "once/schema.sql", f"CREATE SCHEMA {name};")
            self.put(name, "once/a.sql", f"CREATE TABLE {name}.a(a INT);")
            self.put(
                name,
                "every/f.sql",
                f"CREATE OR REPLACE FUNCTION {name}.f() RETURNS INT LANGUAGE sql AS 'SELECT 1';",
            )
            self.list(name)

    def put(self, extension: str, file: str, text: str) -> None:
        """Write one file of an extension, given with its folder: ``once/a.sql``."""
        self.write(f"sql/{extension}/{file}", text)

    def list(
        self,
        extension: str,
        once: tuple[str, ...] = ("schema.sql", "a.sql"),
        every: tuple[str, ...] = ("f.sql",),
        dump: tuple[tuple[str, str], ...] = (),
    ) -> None:
        """Write the manifest of an extension; ``dump`` holds relations, each with its WHERE clause."""
        lines = {"once": once, "every": every, "dump": dump}
        text = "".join(f"{key} = {json.dumps(value)}\n" for key, value in lines.items())
        self.put(extension, "manifest.toml", text)

    def write(self, path: str, text: str) -> None:
        """Write a file of the tree."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
