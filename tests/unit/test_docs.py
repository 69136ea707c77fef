"""The documentation names files that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = {path.relative_to(ROOT / "sql").as_posix() for path in (ROOT / "sql").rglob("*.sql")}
PAGES = sorted(
    path.relative_to(ROOT).as_posix() for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
)


@pytest.mark.parametrize("page", PAGES)
def test_sources_that_it_names_exist(page: str) -> None:
    named = re.findall(r"`((?:[a-z_]+/)*[a-z_0-9]+\.sql)`", (ROOT / page).read_text())
    missing = [name for name in named if not any(f"/{path}".endswith(f"/{name}") for path in SOURCES)]
    assert missing == []


@pytest.mark.parametrize("page", PAGES)
def test_pages_that_it_links_to_exist(page: str) -> None:
    linked = re.findall(r"\]\((?!http|#)([^)#]+)", (ROOT / page).read_text())
    missing = [name for name in linked if not (ROOT / page).parent.joinpath(name).exists()]
    assert missing == []
