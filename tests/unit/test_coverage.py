"""What the report on coverage says; the measuring itself is in tests/server."""

import json
from pathlib import Path
from typing import Any

import pytest
from pgflow_build import coverage, profiles
from pgflow_build.coverage import Covered, Statement
from pgflow_build.profiles import Profile
from pgflow_build.servers import Server

HALF = Covered(
    "async.f", "sql/pgasync/every/f.sql", (Statement(7, "assignment", True), Statement(9, "RAISE", False))
)
WHOLE = Covered("async.g", "sql/pgasync/every/g.sql", (Statement(3, "RETURN", True),) * 2)


def test_processes_and_databases_are_taken_together(tmp_path: Path) -> None:
    entries: dict[str, list[dict[str, Any]]] = {
        "1.jsonl": [{"executed": {"async.f x": [1, 2]}, "called": ["async.f x"]}, {"lost": "a: gone"}],
        "2.jsonl": [{"executed": {"async.f x": [2, 3], "async.g y": [1]}, "called": ["async.g y"]}],
    }
    for name, lines in entries.items():
        (tmp_path / name).write_text("".join(json.dumps(line) + "\n" for line in lines))
    profile = profiles.read(tmp_path)
    assert profile.executed == {"async.f x": {1, 2, 3}, "async.g y": {1}}
    assert profile.called == {"async.f x", "async.g y"}
    assert profile.lost == ["a: gone"]


def test_report_names_each_routine_what_was_not_reached_and_the_sum() -> None:
    lines = "\n".join(coverage.report([HALF, WHOLE], Profile(lost=["a: gone"]), ["async.h"]))
    assert "50.0 %    1 of   2  async.f " in lines
    assert "100.0 %    2 of   2  async.g " in lines
    assert "sql/pgasync/every/f.sql:9: RAISE" in lines
    assert "sql/pgasync/every/f.sql:7" not in lines
    assert "async.h" in lines
    assert "a: gone" in lines
    assert lines.endswith("In total 3 of 4 statements: 75.0 %")


def test_only_servers_that_can_be_measured_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(profiles.FOLDER, str(tmp_path))
    assert profiles.settings("15-debian")["plpgsql_check.profiler"] == "on"
    assert profiles.settings("15") == {}
    monkeypatch.delenv(profiles.FOLDER)
    assert profiles.settings("15-debian") == {}


def test_a_database_that_cannot_be_asked_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(profiles.FOLDER, str(tmp_path))
    profiles.collect(Server("15-debian", port=1), "nowhere")
    (lost,) = profiles.read(tmp_path).lost
    assert lost.startswith("nowhere: ")
