"""Sources that tests make up, and what the rules find in them."""

from collections.abc import Mapping
from pathlib import Path

from pgflow_build.lint import all_rules, lint
from pgflow_build.lint.project import Project
from pgflow_build.sources import EXTENSIONS, SourceFile

ROOT = Path("/nowhere")
MAY_BE_BROKEN = ("syntax", "statements", "line_length", "whitespace")
"""Rules that also look at what does not parse."""

PINNED = "SET search_path = pg_catalog, pg_temp"


def found(rule: str, files: Mapping[str, str] | str, root: Path = ROOT) -> list[str]:
    """Return what one rule finds, as ``file:line message``.

    files: texts by place, or that of pgasync/every/f.sql.
    """
    if isinstance(files, str):
        files = {"pgasync/every/f.sql": files}
    sources = tuple(_source(place, text, root) for place, text in files.items())
    project = Project(root, sources)
    assert not project.broken or rule in MAY_BE_BROKEN, project.broken
    findings = lint(project, {rule: all_rules()[rule]})
    return [f"{finding.path.rpartition('/')[2]}:{finding.line} {finding.message}" for finding in findings]


def routine(
    body: str,
    *,
    name: str = "async.f",
    arguments: str = "",
    returns: str = "RETURNS VOID",
    language: str = "plpgsql",
    options: str = PINNED,
    kind: str = "FUNCTION",
) -> str:
    """Return a CREATE statement on one line whose body begins on the second line of the file."""
    head = f"CREATE OR REPLACE {kind} {name}({arguments}) {returns} LANGUAGE {language} {options} AS $$"
    return f"{' '.join(head.split())}\n{body}\n$$;\n"


def plpgsql(statements: str, declare: str = "", **options: str) -> str:
    """Return a routine whose statements begin on line 4, behind ``declare`` where that is given."""
    section = f"DECLARE\n{declare}\n" if declare else ""
    return routine(f"/* Does what a test wants. */\n{section}BEGIN\n{statements}\nEND;", **options)


def write_tree(root: Path, files: Mapping[str, str]) -> None:
    """Write sources, and manifests that list them, under ``root``."""
    for extension in EXTENSIONS:
        manifest: dict[str, list[str]] = {"once": [], "every": []}
        for place, text in files.items():
            folder, kind, name = place.split("/") if place.count("/") == 2 else ("", "", "")
            if folder == extension:
                manifest[kind].append(name)
                path = root / "sql" / place
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
        lines = [f"{kind} = {names!r}\n".replace("'", '"') for kind, names in manifest.items()]
        (root / "sql" / extension).mkdir(parents=True, exist_ok=True)
        (root / "sql" / extension / "manifest.toml").write_text("".join(lines), encoding="utf-8")
    for place, text in files.items():
        if place.count("/") < 2:
            (root / place).parent.mkdir(parents=True, exist_ok=True)
            (root / place).write_text(text, encoding="utf-8")


def _source(place: str, text: str, root: Path) -> SourceFile:
    extension, kind, name = place.split("/")
    return SourceFile(root / "sql" / place, extension, kind, name, text)
