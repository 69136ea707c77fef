"""Joins the sources of each extension into the script that CREATE EXTENSION runs.

``sql/<extension>/manifest.toml`` gives the order: ``once`` and ``every`` list the files of the folders of the
same names, and ``dump`` the tables and sequences whose rows a dump must hold, each with its WHERE clause.
``grants.toml``, where there is one, lists ``[[grant]]`` tables with ``privileges``, ``on`` and ``to``.
The same sources always give the same bytes.
"""

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EXTENSIONS = ("pgasync", "pgasync_server", "pgflow", "pgflow_server", "pgflow_ui")
"""Our extensions, each after those that it requires."""

_HEADER = """\
\\echo Use "CREATE EXTENSION {name}" to load this file. \\quit
-- {name} {version}, put together from sql/{name}: edit the sources, not this file.
SET LOCAL search_path = pg_catalog, pg_temp;
"""

_GUARD = """\
DO $guard$
DECLARE
  installed TEXT;
BEGIN
  SELECT e.extversion INTO installed FROM pg_extension e WHERE e.extname = '{required}';
  IF installed IS DISTINCT FROM '{version}' THEN
    RAISE EXCEPTION 'extension "{name}" {own_version} needs extension "{required}" {version}, not %',
      installed
      USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'Run ALTER EXTENSION {required} UPDATE TO ''{version}'' first.';
  END IF;
END
$guard$;
"""

# Row types go with their tables: before PostgreSQL 17 they are no members of the extension themselves.
_REVOKE = """\
DO $revoke$
DECLARE
  object TEXT;
BEGIN
  FOR object IN
    WITH member AS (
      SELECT d.classid, d.objid
      FROM pg_depend d
      JOIN pg_extension e ON e.oid = d.refobjid
      WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = '{name}'
    )
    SELECT format('SCHEMA %I', n.nspname)
    FROM member m
    JOIN pg_namespace n ON n.oid = m.objid
    WHERE m.classid = 'pg_namespace'::regclass
    UNION
    SELECT format('ROUTINE %s', m.objid::regprocedure)
    FROM member m
    WHERE m.classid = 'pg_proc'::regclass
    UNION
    SELECT format('%s %s', CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, c.oid::regclass)
    FROM member m
    JOIN pg_class c ON c.oid = m.objid
    WHERE m.classid = 'pg_class'::regclass AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
    UNION
    SELECT format('TYPE %s', t.oid::regtype)
    FROM member m
    JOIN pg_type t ON m.objid = CASE m.classid WHEN 'pg_class'::regclass THEN t.typrelid ELSE t.oid END
    WHERE m.classid IN ('pg_class'::regclass, 'pg_type'::regclass) AND t.typcategory <> 'A'
  LOOP
    EXECUTE 'REVOKE ALL ON ' || object || ' FROM PUBLIC';
  END LOOP;
END
$revoke$;
"""


class SourceError(Exception):
    """The sources do not fit together; the message says where."""


@dataclass(frozen=True)
class Control:
    """What a control file says that the script depends on."""

    version: str
    requires: tuple[str, ...]


def read_control(root: Path, name: str) -> Control:
    """Return the version and the requirements in ``<name>.control``."""
    values = {}
    for line in (root / f"{name}.control").read_text(encoding="utf-8").splitlines():
        key, found, value = line.partition("=")
        if found:
            values[key.strip()] = value.strip().strip("'")
    requires = tuple(part.strip() for part in values.get("requires", "").split(",") if part.strip())
    return Control(values["default_version"], requires)


def assemble(root: Path) -> dict[str, str]:
    """Return every generated file of ``build/`` by name, from the sources under ``root``."""
    files = {}
    for name in EXTENSIONS:
        files[f"{name}--{read_control(root, name).version}.sql"] = extension_script(root, name)
    sums = [f"{hashlib.sha256(files[file].encode()).hexdigest()}  {file}\n" for file in sorted(files)]
    files["SHA256SUMS"] = "".join(sums)
    return files


def extension_script(root: Path, name: str) -> str:
    """Return the script that CREATE EXTENSION runs for ``name``."""
    folder = root / "sql" / name
    manifest = _read_manifest(folder)
    control = read_control(root, name)
    parts = [_HEADER.format(name=name, version=control.version)]
    for required in control.requires:
        if required in EXTENSIONS:
            version = read_control(root, required).version
            parts.append(
                _GUARD.format(name=name, own_version=control.version, required=required, version=version)
            )
    for kind in ("once", "every"):
        parts += [_section(folder, f"{kind}/{file}") for file in manifest[kind]]
    dumps = [
        f"SELECT pg_catalog.pg_extension_config_dump({_literal(relation)}, {_literal(condition)});\n"
        for relation, condition in manifest["dump"]
    ]
    if dumps:
        parts.append("".join(dumps))
    parts.append(_REVOKE.format(name=name))
    grants = _grants(folder)
    if grants:
        parts.append(grants)
    return "\n".join(parts)


def write(root: Path) -> list[str]:
    """Bring ``build/`` up to date; return the names of the files that changed."""
    build = root / "build"
    build.mkdir(exist_ok=True)
    changed = stale(root)
    files = assemble(root)
    for name in changed:
        if name in files:
            (build / name).write_text(files[name], encoding="utf-8", newline="\n")
        else:
            (build / name).unlink()
    return changed


def stale(root: Path) -> list[str]:
    """Return the names of files of ``build/`` that are not as the sources give them, or missing, or extra."""
    build = root / "build"
    wanted = {name: text.encode() for name, text in assemble(root).items()}
    present = {path.name: path.read_bytes() for path in build.iterdir()} if build.is_dir() else {}
    return sorted(name for name in wanted.keys() | present.keys() if wanted.get(name) != present.get(name))


def _read_manifest(folder: Path) -> dict[str, list[Any]]:
    """Return the lists of the manifest, having checked that they name every source file exactly once."""
    manifest: dict[str, list[Any]] = {"once": [], "every": [], "dump": []}
    path = folder / "manifest.toml"
    given = _load(path)
    unknown = given.keys() - manifest.keys()
    if unknown:
        raise SourceError(f"{path}: unknown keys {', '.join(sorted(unknown))}")
    manifest.update(given)
    for kind in ("once", "every"):
        listed = manifest[kind]
        present = {file.name for file in (folder / kind).glob("*.sql")}
        problems = [
            *(f"lists {name} twice" for name in sorted({name for name in listed if listed.count(name) > 1})),
            *(f"lists {name}, which does not exist" for name in sorted(set(listed) - present)),
            *(f"does not list {name}" for name in sorted(present - set(listed))),
        ]
        if problems:
            raise SourceError(f"{path}: {kind} " + "; ".join(problems))
    return manifest


def _load(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SourceError(f"{path} is missing") from None
    except tomllib.TOMLDecodeError as error:
        raise SourceError(f"{path}: {error}") from None


def _section(folder: Path, file: str) -> str:
    """Return one source file under a line that names it, without the blank lines around it."""
    text = (folder / file).read_text(encoding="utf-8").replace("\r\n", "\n").strip("\n")
    return f"-- {folder.name}/{file}\n{text}\n"


def _grants(folder: Path) -> str:
    """Return the GRANT statements that ``grants.toml`` lists."""
    path = folder / "grants.toml"
    if not path.exists():
        return ""
    statements = []
    for entry in _load(path).get("grant", []):
        missing = {"privileges", "on", "to"} ^ entry.keys()
        if missing:
            raise SourceError(
                f"{path}: a grant has privileges, on and to; look at {', '.join(sorted(missing))}"
            )
        statements.append(f"GRANT {entry['privileges']} ON {entry['on']} TO {entry['to']};\n")
    return "".join(statements)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
