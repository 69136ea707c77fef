"""The benchmark: every row runs and gives what its table needs, its thresholds are those promised, what it
computes is right. How fast anything is, is not asked here."""

from __future__ import annotations

import importlib.util
import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.registry import ROWS
from bench.results import TOLERANCE, Requirement, Result, answer, cost, rate
from bench.rows.graph import random_graph
from bench.rows.slow_step import longest_wait
from bench.rows.workflows import FOLDERS, load, priorities, scaled
from bench.simulator import Task, makespan
from tests.conftest import chosen_majors

ROOT = Path(__file__).resolve().parents[2]
REQUIRED: dict[str, list[tuple[str, float | None, float | None, str]]] = {
    "steps": [("one-row steps, pushed and run", 0.6, 1.0, "ratio")],
    "latency": [("s of idleness", 20, 5, "value"), ("min of idleness", 100, 20, "value")],
    "chain": [("empty nodes", 2, 1, "value")],
    "fan": [
        ("empty nodes into one", 5000, 10_000, "value"),
        ("one-row nodes into one", 5000, 10_000, "value"),
    ],
    "graph": [("configure", 2, 1, "value"), ("first callback", 1, 0.5, "value")],
    "history": [("finished tasks kept", 0.9, 1.0, "ratio")],
    "held": [("one-row steps while a transaction is held open", 0.8, 1.0, "ratio")],
    "slow": [("longest that it delays any other", 0.5, 0.1, "value")],
    "memory": [("memory of the orchestrator's session", 1.1, 1.0, "ratio")],
    "workflows": [
        ("mimic_iv_concepts (66 nodes)", 1.05, 1.02, "ratio"),
        ("nodes): makespan", 1.05, 1.02, "ratio"),
    ],
    "idle": [("CPU of one core", 1, 0.3, "value"), ("WAL", 0, 0, "value")],
    "killed": [("orchestrator killed -9", 1, None, "value"), ("server killed -9", None, 1, "value")],
    "installs": [("installs on PostgreSQL", 1, 1, "value")],
}
"""By row: what must be reached, what is aimed at, and what these are numbers of."""


def test_every_row_runs_and_is_complete(request: pytest.FixtureRequest) -> None:
    if "18" not in chosen_majors(request.config):
        pytest.skip("the rows are tried on PostgreSQL 18")
    command = [sys.executable, "-m", "bench", "--quick", "--json", "--long", "0.01"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["failures"] == []
    assert found["machine"]["cores"] >= 1
    assert list(dict.fromkeys(one["row"] for one in found["results"])) == list(ROWS)
    for row, wanted in REQUIRED.items():
        results = [one for one in found["results"] if one["row"] == row]
        for result in results:
            check_numbers(result)
        for what, least, goal, of in wanted:
            check_requirement(results, what, {"least": least, "goal": goal, "of": of})
    answers = {one["what"]: one["value"] for one in found["results"] if one["unit"] == "yes/no"}
    assert len(answers) == 3
    assert set(answers.values()) == {1}, answers


@pytest.mark.long
def test_soak_runs_and_finds_each_task_done_once(request: pytest.FixtureRequest) -> None:
    """For a few seconds: whether its bounds hold is not asked here, only whether all was done right."""
    if "18" not in chosen_majors(request.config):
        pytest.skip("the soak is tried on PostgreSQL 18")
    command = [sys.executable, "-m", "bench.soak", "--json", "--steps", "2000", "--minutes", "0.1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    results = json.loads(done.stdout)["results"]
    assert {one["row"] for one in results} == {"million", "mixed"}
    answers = {one["what"]: one["value"] for one in results if one["unit"] == "yes/no"}
    assert len(answers) == 3
    assert set(answers.values()) == {1}, done.stderr


def check_numbers(result: dict[str, Any]) -> None:
    """Every sample is a number that can be, and beside it stands a limit that says what it is."""
    assert result["version"].startswith("18.")
    may_be_none = result["row"] in ("idle", "slow") or result["unit"] == "yes/no"
    for number in (*result["samples"], *result["limits"]):
        assert math.isfinite(number), result
        assert number > 0 or (may_be_none and number == 0), result
    assert bool(result["limits"]) == bool(result["limit_is"]), result


def check_requirement(results: list[dict[str, Any]], what: str, wanted: dict[str, Any]) -> None:
    """One of the results is of that and has this requirement, and what it needs to be judged."""
    requirements = [one["requirement"] for one in results if what in one["what"]]
    assert wanted in requirements, (what, requirements)
    for one in results:
        if one["requirement"] and one["requirement"]["of"] == "ratio":
            assert one["ratio"] is not None, one


# ---- what results say ----


def test_what_must_be_reached_holds_within_ten_per_cent() -> None:
    wanted = Requirement(0.6, 1.0, "ratio")

    def verdict(speed: float) -> tuple[str, bool | None]:
        result = rate("steps", "", "steps/s", [speed], [100], "", wanted)
        return result.verdict, result.reached

    assert TOLERANCE == 0.1
    assert verdict(100) == ("aim", True)
    assert verdict(99) == ("reached", True)
    assert verdict(55) == ("within 10 %", True)
    assert verdict(53) == ("MISSED", False)


def test_less_is_better_where_it_is_a_cost() -> None:
    def verdict(time: float) -> str:
        return cost("chain", "", "ms", [time], requirement=Requirement(2, 1)).verdict

    assert [verdict(time) for time in (1, 2, 2.2, 2.3)] == ["aim", "reached", "within 10 %", "MISSED"]


def test_no_wal_means_none_at_all() -> None:
    verdicts = [cost("idle", "", "B/s", [n], requirement=Requirement(0, 0)).verdict for n in (0, 1)]
    assert verdicts == ["aim", "MISSED"]


def test_one_round_that_fails_makes_the_answer_no() -> None:
    result = answer("killed", "", [True, False, True], Requirement(1, None))
    assert (result.cells()[1], result.verdict) == ("no", "MISSED")
    assert answer("killed", "", [True, True], Requirement(1, None)).cells()[1] == "yes"


def test_an_aim_alone_is_never_missed() -> None:
    result = answer("killed", "", [False], Requirement(None, 1))
    assert (result.reached, result.verdict) == (None, "short of aim")


def test_ratio_is_the_median_of_the_rounds_own() -> None:
    """A round in which the machine was busy slows both sides; no other one's limit may stand beside it."""
    result = rate("steps", "", "steps/s", [50, 5, 80], [100, 10, 90])
    assert (result.value, result.limit, result.ratio) == (50, 90, 0.5)


def test_one_limit_serves_every_round() -> None:
    assert cost("workflows", "", "s", [30, 33, 36], [30]).ratio == pytest.approx(1.1)


def test_table_names_number_limit_and_both_thresholds() -> None:
    cells = cost("memory", "memory", "MiB", [22], [20], "after 50,000", Requirement(1.1, 1, "ratio")).cells()
    assert cells == [
        "memory",
        "22.0 MiB",
        "20.0 MiB: after 50,000",
        "1.10",
        "≤ 1.1 of the limit",
        "≤ 1 of the limit",
    ]


# ---- what rows compute ----


def test_nobody_waits_where_all_start_in_turn() -> None:
    assert longest_wait([0.0, 0.1, 0.2, 0.3]) == pytest.approx(0.1)


def test_step_that_is_passed_over_waits_from_then_on() -> None:
    assert longest_wait([0.0, 0.1, 5.0, 0.2, 0.3, 4.9]) == pytest.approx(4.8)


def test_standstill_is_a_wait_although_nobody_is_passed_over() -> None:
    assert longest_wait([0.0, 0.1, 7.1, 7.2]) == pytest.approx(7.0)


def test_perfect_dispatcher_takes_what_can_be_worked_out_by_hand() -> None:
    def tasks(*given: tuple[str, float, tuple[str, ...]]) -> list[Task]:
        return [Task(*one) for one in given]

    chain = tasks(("a", 1, ()), ("b", 2, ("a",)), ("c", 3, ("b",)))
    assert makespan(chain, 16) == 6
    assert makespan([Task(f"n{i}", 1, ()) for i in range(10)], 4) == 3
    # The long way first, although it stands last: 2 workers, 4 s; in the order given it would be 5 s.
    late = tasks(("a", 1, ()), ("b", 1, ()), ("c", 1, ()), ("d", 1, ("c",)), ("e", 2, ("d",)))
    assert makespan(late, 2) == 4


def test_simulator_agrees_with_the_one_beside_the_repository() -> None:
    path = FOLDERS[0] / "simulate.py"
    if not path.exists():
        pytest.skip(f"there is no {path}")
    spec = importlib.util.spec_from_file_location("simulate", path)
    assert spec is not None
    assert spec.loader is not None
    other = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(other)
    for file in sorted(path.parent.glob("*.json")):
        _, runtimes, parents = other.load(file)
        assert makespan(load(file.stem), 16) == pytest.approx(other.simulate(runtimes, parents, 16)), file


def test_workflow_is_scaled_to_the_time_wanted() -> None:
    tasks = scaled(load("mimic_iv_concepts"), 30)
    assert makespan(tasks, 16) == pytest.approx(30)


def test_priority_goes_to_the_longest_way_to_the_end() -> None:
    tasks = [Task("short", 1, ()), Task("long", 1, ()), Task("child", 5, ("long",))]
    found = priorities(tasks)
    assert found["long"] < found["child"] < found["short"]


@pytest.mark.parametrize("count", [20, 10_000])
def test_graph_has_the_edges_that_its_row_names(count: int) -> None:
    nodes = random_graph(count, 2 * count)
    parents = {node["node"]: [d["parent"] for d in node["dependencies"]] for node in nodes}
    assert len(parents) == count
    assert sum(len(above) for above in parents.values()) == 2 * count
    assert [name for name, above in parents.items() if not above] == ["n0"]
    before: set[str] = set()
    for name, above in parents.items():
        assert before.issuperset(above), name
        before.add(name)


def test_unknown_row_is_named_with_those_there_are() -> None:
    command = [sys.executable, "-m", "bench", "stepz"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no row stepz" in done.stderr
    assert all(row in done.stderr for row in ROWS)


def test_results_say_what_they_are_made_of() -> None:
    made = Result("steps", "what", "steps/s", False, (1.0, 3.0, 2.0)).as_dict()
    assert (made["samples"], made["value"], made["verdict"]) == ((1.0, 3.0, 2.0), 2.0, "")
