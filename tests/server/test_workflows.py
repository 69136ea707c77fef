"""Real workflow graphs run to their end in the right order.

The graphs that the project may carry lie in examples/workflows; those whose licence keeps them out are read
from beside the repository and skipped where they are absent. Runtimes are scaled so that a file takes a few
seconds at most; those of the big ones, of 200 nodes and more, are long tests.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.model import work
from tests.model.model import Graph, Node, Parent, outcome
from tests.support.wait import wait_run

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (ROOT.parent / "shared" / "workflows", ROOT / "examples" / "workflows")
SMALL = (
    "airflow_example_complex",
    "dbt_sagerx_build",
    "etl_synthea_omop",
    "mimic_iii_concepts",
    "mimic_iv_concepts",
    "openmaptiles_import_sql",
)
BIG = (
    "dbt_tuva_run",
    "wf_bwa_1004",
    "wf_epigenomics_1695",
    "wf_genome1000_902",
    "wf_montage_2mass_1738",
    "wf_nfcore_airrflow_212",
    "wf_seismology_1001",
    "wf_soykb_676",
)
NO_SLEEP_ABOVE = 500
"""Graphs of more nodes are run without runtimes: what they show is order."""
SECONDS = 1.0
"""About how long the callbacks of a graph with runtimes sleep, on 16 workers."""


@cache
def load(name: str) -> dict[str, Any]:
    """The workflow's JSON; skips the test where the file is nowhere."""
    for folder in FOLDERS:
        path = folder / f"{name}.json"
        if path.exists():
            found: dict[str, Any] = json.loads(path.read_text())
            return found
    pytest.skip(f"{name}.json: its licence keeps it out of the repository, and it is not beside it")


def graph_of(workflow: dict[str, Any]) -> Graph:
    return Graph(tuple(Node(n["node"], tuple(Parent(p) for p in n["parents"])) for n in workflow["nodes"]))


def sleeps(workflow: dict[str, Any]) -> dict[str, float]:
    """Seconds that each node's callback sleeps: the runtimes, scaled."""
    runtimes = {n["node"]: float(n["runtime"]) for n in workflow["nodes"]}
    if len(runtimes) > NO_SLEEP_ABOVE:
        return {}
    path: dict[str, float] = {}
    for n in workflow["nodes"]:
        path[n["node"]] = runtimes[n["node"]] + max((path[p] for p in n["parents"]), default=0)
    scale = min(1.0, SECONDS / max(max(path.values()), sum(runtimes.values()) / 16))
    return {node: runtime * scale for node, runtime in runtimes.items()}


def test_every_workflow_beside_the_repository_is_run() -> None:
    """A file that is added there is not forgotten here."""
    there = {path.stem for folder in FOLDERS for path in folder.glob("*.json")}
    assert there <= {*SMALL, *BIG}


@pytest.mark.parametrize("name", [*SMALL, *(pytest.param(name, marks=pytest.mark.long) for name in BIG)])
def test_workflow_runs_in_order(db: Any, orchestrator: Any, name: str) -> None:
    workflow = load(name)
    graph = graph_of(workflow)
    work.prepare(db)
    work.configure(db, name, work.configuration(graph))
    flow_id = work.run(db, name, {"sleep": sleeps(workflow)})
    assert wait_run(db, flow_id, 120) == "FINISHED"
    rows = work.done(flow_id, db)
    work.check_effects(rows, outcome(graph))
    work.check_states(db, flow_id, outcome(graph))
    work.check_order(rows, graph, far=False)
