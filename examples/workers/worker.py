"""A worker outside the database: takes tasks with async.get_tasks(), ends each with async.finish().

    python worker.py 'host=… dbname=… user=…' http

Here a task is an HTTP request: its task_data is {"url": …, "method": …, "body": …}. Put your own work into
``work``. Start as many as you like, anywhere. SIGTERM and Ctrl-C end one once it has done what it has.
"""

import json
import signal
import sys
import time
import urllib.request
from types import FrameType
from typing import Any

import psycopg

LEASE = "5 minutes"
"""How long this worker may take over a task before it goes to another one."""

TAKE = "SELECT task_id, times_up, task_data FROM async.get_tasks(%s, 1, %s, '1 s')"
FINISH = "SELECT async.finish(ARRAY[%s]::BIGINT[], %s, %s)"

stopping = False


def work(task: dict[str, Any], seconds: float) -> None:
    """Do one task within so many seconds; what it raises is the task's error."""
    body = json.dumps(task["body"]).encode() if "body" in task else None
    request = urllib.request.Request(task["url"], body, method=task.get("method"))
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=seconds) as answer:
        answer.read()


def serve(connection: psycopg.Connection[Any], target: str) -> None:
    """Take tasks until told to stop. Each statement is a transaction of its own (autocommit)."""
    while not stopping:
        for task_id, times_up, task in connection.execute(TAKE, [target, LEASE]).fetchall():
            seconds = times_up.timestamp() - time.time()
            try:
                work(task, seconds)
                outcome = ("FINISHED", None)
            except Exception as error:
                outcome = ("FAILED", f"{type(error).__name__}: {error}")
            try:
                connection.execute(FINISH, [task_id, *outcome])
            except psycopg.DatabaseError as error:
                if error.sqlstate != "PF005":
                    raise
                print(f"task {task_id} had ended: canceled, timed out, or done by another worker", flush=True)


def stop(_number: int, _frame: FrameType | None) -> None:
    """Stop after the task at hand."""
    global stopping
    stopping = True


def main(conninfo: str, target: str) -> None:
    """Serve a target, and connect again when the server was away."""
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    pause = 0.1
    while not stopping:
        try:
            with psycopg.connect(conninfo, autocommit=True, application_name="worker.py") as connection:
                pause = 0.1
                serve(connection, target)
        except psycopg.OperationalError as error:
            print(f"the server is away: {error}", file=sys.stderr, flush=True)
            time.sleep(pause)
            pause = min(pause * 2, 10)


if __name__ == "__main__":
    main(*sys.argv[1:])
