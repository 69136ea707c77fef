"""The workers of examples/workers and what docs/workers.md says, run as they stand."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import types
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from tests.server.test_tasks import configure, end, look, push
from tests.support.wait import until

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples/workers"
DOCS = ROOT / "docs/workers.md"


class Site:
    """A web server that remembers what it was asked; /bad is an error, /slow waits until it may answer."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self.may_answer = threading.Event()
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                site.asked.append((self.command, self.path, json.loads(body) if body else None))
                if self.path == "/slow":
                    site.may_answer.wait(60)
                self.send_response(500 if self.path == "/bad" else 200)
                self.end_headers()

            do_GET = do_POST  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.may_answer.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.close()


@pytest.fixture(scope="session")
def node_worker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """examples/workers with what package-lock.json names; the test is skipped where there is no Node."""
    missing = [program for program in ("node", "npm") if shutil.which(program) is None]
    if missing:
        pytest.skip(f"there is no {' and no '.join(missing)} (Debian: apt-get install nodejs npm)")
    folder = tmp_path_factory.mktemp("node")
    for name in ("worker.mjs", "package.json", "package-lock.json"):
        shutil.copy(EXAMPLES / name, folder)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=250)
    assert done.returncode == 0, f"npm ci failed:\n{done.stdout}{done.stderr}"
    return folder / "worker.mjs"


Start = Callable[[], "subprocess.Popen[str]"]


@pytest.fixture(params=["python", "node"])
def start(request: pytest.FixtureRequest, db: Any, orchestrator: Any) -> Iterator[Start]:
    """Start a worker of a kind for the target ``http``, which docs/workers.md configures."""
    db.execute(block("target").split("SELECT async.push_task")[0])
    if request.param == "python":
        command = [sys.executable, str(EXAMPLES / "worker.py"), db.conninfo]
    else:
        uri = f"postgresql://postgres@{db.server.host}:{db.server.port}/{db.name}"
        command = ["node", str(request.getfixturevalue("node_worker")), uri]
    started: list[subprocess.Popen[str]] = []

    def run() -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*command, "http"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def block(name: str) -> str:
    """The fenced block of docs/workers.md behind a comment of that name."""
    return DOCS.read_text().split(f"<!-- test: {name} -->\n```")[1].split("\n", 1)[1].split("```")[0]


def ask(db: Any, **task_data: Any) -> int:
    return push(db, None, target="http", task_data=json.dumps(task_data))


def test_a_worker_does_tasks_and_reports_failures(db: Any, site: Site, start: Start) -> None:
    good = [ask(db, url=f"{site.url}/{n}", body={"n": n}) for n in range(20)]
    plain, bad, nonsense = ask(db, url=f"{site.url}/get"), ask(db, url=f"{site.url}/bad"), ask(db, no="url")
    workers = [start(), start()]
    assert set(end(db, *good, plain)) == {"FINISHED"}
    assert end(db, bad, nonsense) == ["FAILED", "FAILED"]
    assert "500" in look(db, bad, "processing_error")
    expected = [("POST", f"/{n}", {"n": n}) for n in range(20)] + [
        ("GET", "/get", None),
        ("GET", "/bad", None),
    ]
    assert sorted(site.asked, key=str) == sorted(expected, key=str)
    at_work = """SELECT count(*)::INT FROM pg_stat_activity WHERE datname = current_database()
                   AND query LIKE '%async.get_tasks(%' AND pid <> pg_backend_pid()"""
    until(lambda: db.value(at_work) == len(workers), what="both to take tasks")
    for worker in workers:
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(30) == 0, worker.communicate()


def test_a_worker_that_is_told_to_stop_ends_what_it_has(db: Any, site: Site, start: Start) -> None:
    slow = ask(db, url=f"{site.url}/slow")
    worker = start()
    until(lambda: len(site.asked) == 1, what="the worker to be at it")
    worker.send_signal(signal.SIGTERM)
    waiting = ask(db, url=f"{site.url}/other")
    site.may_answer.set()
    assert worker.wait(30) == 0
    assert end(db, slow) == ["FINISHED"]
    assert look(db, waiting, "state") == "READY"


def test_a_worker_survives_its_connection_and_a_task_that_is_gone(db: Any, site: Site, start: Start) -> None:
    """It is told that its task was canceled, and goes on."""
    canceled = ask(db, url=f"{site.url}/slow")
    worker = start()
    until(lambda: len(site.asked) == 1, what="the worker to be at it")
    db.execute("SELECT async.cancel(%s)", ([canceled],))
    assert end(db, canceled) == ["CANCELED"]
    site.may_answer.set()
    assert end(db, ask(db, url=f"{site.url}/next")) == ["FINISHED"]
    ended = (
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE application_name LIKE 'worker.%%'"
    )
    assert db.value(ended) == 1
    assert end(db, ask(db, url=f"{site.url}/after")) == ["FINISHED"]
    worker.send_signal(signal.SIGTERM)
    said, _ = worker.communicate(timeout=30)
    assert worker.returncode == 0
    assert f"task {canceled} had ended" in said
    assert "the server is away" in said


def test_a_worker_that_is_killed_has_its_task_done_by_another(db: Any, site: Site, start: Start) -> None:
    """Its task goes back when its time is up, after five minutes; or at once if somebody sees to it."""
    slow = ask(db, url=f"{site.url}/slow")
    worker = start()
    until(lambda: len(site.asked) == 1, what="the worker to be at it")
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait(30)
    site.may_answer.set()
    assert look(db, slow, "state") == "RUNNING"
    db.execute("SELECT async.defer(%s, '0 s')", ([slow],))
    start()
    assert end(db, slow) == ["FINISHED"]
    assert len(site.asked) == 2


def test_what_the_page_says(db: Any, orchestrator: Any) -> None:
    """Its statements, in order: what is pushed is taken, and the flow runs by way of two tasks."""
    *_, (pushed,) = [db.execute(part)[0] for part in block("target").split(";\n") if part.strip()]
    ((task_id, _, _, data),) = db.execute(block("take"))
    assert (task_id, data) == (pushed, {"url": "https://example.org/orders/17"})
    db.execute("SELECT async.finish(ARRAY[%s]::BIGINT[])", (task_id,))
    configure(
        db, targets=[{"target": "later", "connection_string": db.conninfo, "asynchronous_finish": True}]
    )
    db.execute(block("flow").replace('"target": "self"', '"target": "later"'))
    db.execute(block("hand over"))
    flow_id = db.value("SELECT flow.run_flow('orders', '{\"order\": 17}')")
    ((task_id, _, _, data),) = db.execute(block("take"))
    assert data["routine"] == "post_order"
    assert data["flow_arguments"] == {"order": 17}
    db.execute("SELECT async.finish(ARRAY[%s]::BIGINT[])", (task_id,))
    ((task_id, _, _, data),) = db.execute(block("take"))
    db.execute("SELECT async.finish(ARRAY[%s, %s]::BIGINT[])", (task_id, data["node_task"]))
    db.execute("CALL flow.wait(%s, '30 s')", (flow_id,))


def test_the_work_that_calls_a_function() -> None:
    """Its code, with something in boto3's place that answers as that does."""
    asked: list[dict[str, Any]] = []

    def invoke(**arguments: str) -> dict[str, Any]:
        asked.append(arguments)
        failed = {"FunctionError": "Unhandled"} if arguments["FunctionName"] == "bad" else {}
        return {"Payload": BytesIO(b"it broke"), **failed}

    boto3 = types.ModuleType("boto3")
    boto3.client = lambda name: types.SimpleNamespace(invoke=invoke)  # type: ignore[attr-defined]
    names: dict[str, Any] = {"json": json}
    sys.modules["boto3"] = boto3
    try:
        exec(block("lambda"), names)
        names["work"]({"function": "good", "payload": {"a": 1}}, 10)
        with pytest.raises(RuntimeError, match="it broke"):
            names["work"]({"function": "bad", "payload": {}}, 10)
    finally:
        del sys.modules["boto3"]
    assert asked[0] == {"FunctionName": "good", "Payload": '{"a": 1}'}
