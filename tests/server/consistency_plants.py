"""Contradictions that flow.check_consistency() must name: what to write, which check finds it, and of what.

Names in braces stand for numbers that tests/server/test_consistency.py finds. ``whole`` is a run that has
FINISHED, ``spoiled`` one that FAILED, ``open`` one whose node ``waits`` (number 1) has a task in a lane,
whose node ``child`` (2) is PENDING with a step parked, whose node ``steps`` (3) has two in a lane, whose node
``yields`` (4) has a task that has yielded, and whose node ``fails`` (5) has one that is delayed.
"""

from typing import NamedTuple


class Plant(NamedTuple):
    """A contradiction."""

    check: str
    subject: str
    sql: str


NODE_STATE = """
INSERT INTO flow.node_state(flow_id, node_no, state, unmet, spoiled, steps, unfinished, failed, canceled)
SELECT s.flow_id, s.node_no, {state}, {unmet}, {spoiled}, {steps}, {unfinished}, {failed}, {canceled}
FROM flow.find_node_state({run}, {node}) s
"""
AS_IT_IS = {
    "state": "s.state",
    "unmet": "s.unmet",
    "spoiled": "s.spoiled",
    "steps": "s.steps",
    "unfinished": "s.unfinished",
    "failed": "s.failed",
    "canceled": "s.canceled",
}
RUN_STATE = """
INSERT INTO flow.run_state(flow_id, state, unresolved, failed, canceled)
SELECT s.flow_id, {state}, {unresolved}, {failed}, s.canceled
FROM flow.run_state s WHERE s.flow_id = {run} ORDER BY s.state_no DESC LIMIT 1
"""
RESULT = "INSERT INTO async.result VALUES ({task}, 'FINISHED', now(), now());"
BUSY = """
INSERT INTO async.batch(batch_id, epoch, ring, target_id, lane_id, pid, backend_start, task_ids)
SELECT -n, {epoch}, 0, {nowhere}, {lane}, -n, now(), '{{}}' FROM generate_series(1, 9) n
"""
CLAIM = """
INSERT INTO flow.mutex_claim(flow_id, node_no, flow, definition_id, held)
SELECT {run}, {node}, r.flow, r.definition_id, {held}
FROM flow.run r WHERE r.flow_id = CASE {run} WHEN -1 THEN {{whole}} ELSE {run} END
"""
RESTART = """
INSERT INTO flow.restart(flow_id, restart_no, failed_only, state_before, started_before, ended_before, begun)
VALUES ({run}, 1, false, 'FAILED', now(), now(), {begun})
"""
LATER_INTAKE = """;
INSERT INTO async.intake(target_id, snapshot)
SELECT 0, concat(x.id, ':', x.id, ':')::TXID_SNAPSHOT FROM (SELECT txid_current() + 9 AS id) x
"""
BATCH = """
INSERT INTO async.batch(batch_id, epoch, ring, target_id, lane_id, pid, backend_start, task_ids)
VALUES (-7, {epoch}, 0, {target}, {lane}, 1, '2026-01-01', ARRAY[{tasks}]::BIGINT[]);
INSERT INTO async.lane_position SELECT lane_id, max(seq) FROM async.task WHERE lane_id = {lane} GROUP BY 1;
"""
OFFER = """
INSERT INTO async.offer(task_id, lane_id, target_id, pool_id, priority, times_up)
SELECT {task}, {lane}, {nowhere}, {pool}, 0, 'infinity' FROM generate_series(1, {times})
"""


def node_state(run: str, node: int, **changes: str) -> str:
    """SQL that brings a node into another state, as far as ``changes`` say."""
    return NODE_STATE.format_map(AS_IT_IS | {"run": f"{{{run}}}", "node": node} | changes)


def run_state(
    run: str, state: str = "s.state", unresolved: str = "s.unresolved", failed: str = "s.failed"
) -> str:
    """SQL that brings a run into another state."""
    return RUN_STATE.format(run=f"{{{run}}}", state=state, unresolved=unresolved, failed=failed)


def batch(
    epoch: str = "{epoch}", target: str = "{nowhere}", lane: str = "{lane}", tasks: str = "{waiting}"
) -> str:
    """SQL that has a session run the task that waits."""
    return BATCH.format(epoch=epoch, target=target, lane=lane, tasks=tasks)


def offer(task: str, lane: str = "{lane}", times: int = 1) -> str:
    """SQL that offers a task to workers outside the database."""
    return OFFER.replace("{task}", task).replace("{lane}", lane).replace("{times}", str(times))


PLACES = [
    Plant("lost_task", "task {step}", "DELETE FROM async.open_lane WHERE lane_id = {step_lane}"),
    Plant("lost_task", "task {yielded}", "DELETE FROM async.yielded"),
    Plant("lost_task", "task {delayed}", "DELETE FROM async.delayed"),
    Plant("lost_task", "task {whole_task}", "DELETE FROM async.result WHERE task_id = {whole_task}"),
    Plant("lost_task", "task {waiting}", batch(tasks="NULL")),
    Plant("task_in_two_places", "task {waiting}", "INSERT INTO async.requeue VALUES ({lane}, 1, {waiting})"),
    Plant(
        "task_in_two_places",
        "task {yielded}",
        "INSERT INTO async.delayed SELECT now(), task_id, lane_id FROM async.yielded",
    ),
    Plant(
        "task_in_two_places",
        "task {delayed}",
        "INSERT INTO async.delayed SELECT now(), task_id, lane_id FROM async.delayed",
    ),
    Plant("task_in_two_places", "task {waiting}", batch(tasks="{waiting}, {waiting}")),
    Plant(
        "place_of_ended_task",
        "task {whole_task}",
        "INSERT INTO async.delayed VALUES (now(), {whole_task}, {whole_lane})",
    ),
    Plant(
        "place_of_ended_task",
        "task {waiting}",
        batch() + RESULT.replace("task", "waiting"),
    ),
    Plant("place_of_unknown_task", "task -1", "INSERT INTO async.delayed VALUES (now(), -1, {lane})"),
    Plant("task_in_two_places", "task {waiting}", offer("{waiting}")),
    Plant("place_of_unknown_task", "task -1", offer("-1")),
]
MARKS = [
    Plant("stray_doom", "task -1", "INSERT INTO async.doom VALUES (-1, 'CANCELED')"),
    Plant("stray_doom", "task {waiting}", "INSERT INTO async.doom VALUES ({waiting}, 'CANCELED')"),
    Plant("stray_doom", "task {whole_task}", "INSERT INTO async.doom VALUES ({whole_task}, 'CANCELED')"),
    Plant(
        "stray_early_finish",
        "task {waiting}",
        "INSERT INTO async.early_finish VALUES ({waiting}, 'FINISHED')",
    ),
    Plant("stray_result", "task -1", RESULT.replace("{task}", "-1")),
    Plant(
        "stray_attempt",
        "task -1",
        "INSERT INTO async.attempt(task_id, attempt, status, ended, counted)"
        " VALUES (-1, 1, 'FAILED', now(), true)",
    ),
]
BATCHES = [
    Plant("batch_of_unknown_lane", "batch -7", batch(lane="-1")),
    Plant("batch_of_unknown_target", "batch -7", batch(target="-1")),
    Plant("batch_on_wrong_target", "batch -7", batch(target="(SELECT min(target_id) FROM async.target)")),
    Plant("batch_of_wrong_lane", "batch -7", batch(tasks="{step}")),
    Plant("batch_of_unknown_epoch", "batch -7", batch(epoch="{epoch} + 1")),
    Plant(
        "session_with_two_batches",
        "process 1 of target {nowhere}",
        batch() + batch(lane="{step_lane}", tasks="{step}, {other_step}").replace("-7", "-8"),
    ),
]
LANES = [
    Plant("unknown_lane", "lane -1", "INSERT INTO async.open_lane VALUES (-1)"),
    Plant("unknown_lane", "lane -1", "INSERT INTO async.doomed_lane VALUES (-1)"),
    Plant("unknown_lane", "lane -1", "INSERT INTO async.lane_position VALUES (-1, 1)"),
    Plant("unknown_lane", "lane -1", "INSERT INTO async.requeue VALUES (-1, 1, {waiting})"),
    Plant("unknown_lane", "lane -1", "INSERT INTO async.delayed VALUES (now(), {waiting}, -1)"),
    Plant("unknown_lane", "lane -1", "UPDATE async.yielded SET lane_id = -1"),
    Plant("unknown_lane", "lane -1", offer("{waiting}", lane="-1")),
    Plant("unknown_lane", "lane {whole_lane}", "DELETE FROM async.lane WHERE lane_id = {whole_lane}"),
    Plant("doomed_lane_closed", "lane {whole_lane}", "INSERT INTO async.doomed_lane VALUES ({whole_lane})"),
    Plant(
        "requeue_in_closed_lane",
        "task {whole_task}",
        "INSERT INTO async.requeue VALUES ({whole_lane}, 1, {whole_task})",
    ),
    Plant("lane_leads_nowhere", "lane {lane}", "DELETE FROM async.target WHERE target_id = {nowhere}"),
    Plant("lane_leads_nowhere", "lane {lane}", "DELETE FROM async.concurrency_pool WHERE pool_id = {pool}"),
    Plant(
        "task_in_wrong_lane",
        "task {step}",
        "UPDATE async.task SET lane_id = {whole_lane} WHERE task_id = {step}",
    ),
    Plant(
        "task_in_wrong_lane", "task {waiting}", "UPDATE async.task SET seq = NULL WHERE task_id = {waiting}"
    ),
    Plant("task_waits_in_wrong_lane", "task {yielded}", "UPDATE async.yielded SET lane_id = {lane}"),
    Plant("task_waits_in_wrong_lane", "task {yielded}", offer("{yielded}")),
    Plant("stray_intake", "target -1", "INSERT INTO async.intake(target_id, snapshot) VALUES (-1, '1:1:')"),
]
LIMITS = [
    Plant(
        "over_limit",
        "pool nowhere",
        BUSY,
    ),
    Plant(
        "over_limit",
        "target nowhere",
        BUSY,
    ),
    Plant("over_limit", "pool nowhere", offer("{waiting}", times=9)),
    Plant("over_limit", "target nowhere", offer("{waiting}", times=9)),
]
RUNS = [
    Plant("run_counter", "run {open}", run_state("open", unresolved="s.unresolved - 1")),
    Plant("run_counter", "run {spoiled}", run_state("spoiled", failed="s.failed - 1")),
    Plant("run_counter", "run {open}", node_state("open", 3, state="'FINISHED'")),
    Plant("run_state", "run {open}", run_state("open", state="'FINISHED'")),
    Plant("run_state", "run {whole}", run_state("whole", state="'RUNNING'")),
    Plant("run_state", "run {spoiled}", run_state("spoiled", state="'FINISHED'")),
    Plant("run_ended_twice", "run {whole}", run_state("whole")),
    Plant("open_run", "run -1", "INSERT INTO flow.open_run VALUES (-1, 'whole')"),
    Plant("open_run", "run {open}", "DELETE FROM flow.open_run WHERE flow_id = {open}"),
    Plant("open_run", "run {whole}", "INSERT INTO flow.open_run VALUES ({whole}, 'whole')"),
    Plant("run_not_begun", "run {whole}", "DELETE FROM flow.run_state WHERE flow_id = {whole}"),
    Plant("run_not_begun", "run {whole}", RESTART.format(run="{whole}", begun="NULL") + LATER_INTAKE),
]
ORDER = [
    Plant("node_ended_twice", "run {whole}, node a", node_state("whole", 1)),
    Plant("parent_counter", "run {open}, node child", node_state("open", 2, unmet="2")),
    Plant("parent_counter", "run {open}, node child", node_state("open", 2, spoiled="true")),
    Plant("parent_counter", "run {open}, node child", node_state("open", 2, state="'SKIPPED'", unmet="0")),
    Plant("node_left_waiting", "run {open}, node child", node_state("open", 1, state="'FINISHED'")),
    Plant(
        "node_left_waiting",
        "run {open}, node steps",
        "DELETE FROM flow.node_state WHERE flow_id = {open} AND node_no = 3",
    ),
    Plant("node_began_early", "run {open}, node child", node_state("open", 2, state="'READY'")),
    Plant(
        "node_began_early",
        "run {whole}, node b",
        "UPDATE flow.node_state SET state_no = -state_no WHERE flow_id = {whole} AND node_no = 2",
    ),
    Plant("node_ran_in_spite", "run {spoiled}, node b", node_state("spoiled", 2, state="'FINISHED'")),
    Plant(
        "node_doa_for_nothing",
        "run {spoiled}, node b",
        "UPDATE flow.node_state SET state = 'FINISHED' WHERE flow_id = {spoiled} AND node_no = 1",
    ),
]
COUNTS = [
    Plant("step_counter", "run {open}, node steps", node_state("open", 3, steps="3")),
    Plant("step_counter", "run {open}, node steps", node_state("open", 3, unfinished="1")),
    Plant("step_counter", "run {whole}, node a", node_state("whole", 1, failed="1")),
    Plant("step_counter", "run {whole}, node a", node_state("whole", 1, canceled="1")),
    Plant("step_counter", "run {open}, node child", "DELETE FROM flow.parked_chunk"),
    Plant("step_counter", "run {whole}, node a", "DELETE FROM async.task WHERE task_id = {whole_step}"),
    Plant("node_left_running", "run {whole}, node a", node_state("whole", 1, state="'RUNNING_STEPS'")),
    Plant("open_step_of_ended_node", "run {open}, node steps", node_state("open", 3, state="'FINISHED'")),
    Plant(
        "node_finished_in_spite",
        "run {whole}, node a",
        "UPDATE async.result SET status = 'FAILED' WHERE task_id = {whole_step}",
    ),
]
NODE_TASKS = [
    Plant("node_without_task", "run {open}, node child", node_state("open", 2, state="'READY'")),
    Plant("node_without_task", "run {whole}, node a", "DELETE FROM async.task WHERE task_id = {whole_task}"),
    Plant("task_of_waiting_node", "run {open}, node waits", node_state("open", 1, state="'PENDING'")),
    Plant(
        "node_not_told",
        "run {open}, node waits",
        RESULT.replace("task", "waiting"),
    ),
    Plant("node_ahead_of_task", "run {open}, node waits", node_state("open", 1, state="'FINISHED'")),
    Plant(
        "node_belies_task",
        "run {whole}, node a",
        "UPDATE async.result SET status = 'FAILED' WHERE task_id = {whole_task}",
    ),
]
CLAIMS = [
    Plant("node_without_claim", "run {open}, node waits", "DELETE FROM flow.mutex_claim WHERE node_no = 1"),
    Plant("node_without_claim", "run {open}, node yields", "UPDATE flow.mutex_claim SET held = false"),
    Plant("claim_left_waiting", "run {open}, node waits", "UPDATE flow.mutex_claim SET held = false"),
    Plant("stray_claim", "run {whole}, node a", CLAIM.format(run="{whole}", node=1, held="true")),
    Plant("stray_claim", "run {open}, node child", CLAIM.format(run="{open}", node=2, held="false")),
    Plant(
        "mutex_held_twice",
        "run {open}, node waits",
        "UPDATE flow.definition_mutex SET mutex_no = 1 WHERE node_no IN (1, 4)",
    ),
]
LEFTOVERS = [
    Plant("unknown_run", "run -1", "INSERT INTO flow.run_state VALUES (-1, 1, 'RUNNING', 1, 0, false)"),
    Plant(
        "unknown_run",
        "run -1",
        "INSERT INTO flow.node_state VALUES (-1, 1, 1, 'PENDING', 1, false, 0, 0, 0, 0)",
    ),
    Plant("unknown_run", "run -1", "INSERT INTO flow.chunk(flow_id, node_no, steps) VALUES (-1, 1, '{{1}}')"),
    Plant("unknown_run", "run -1", "INSERT INTO flow.parked_chunk VALUES (-1, -1, 1, '{{1}}')"),
    Plant("unknown_run", "run -1", "INSERT INTO flow.stopped_chunk VALUES (-1, -1, 1, '{{1}}')"),
    Plant("unknown_run", "run -1", RESTART.format(run="-1", begun="now()")),
    Plant("unknown_run", "run -1", CLAIM.format(run="-1", node=1, held="true")),
    Plant("unknown_run", "run -1", "INSERT INTO flow.arguments_sent VALUES (-1, {nowhere})"),
    Plant("unknown_run", "run -1", "INSERT INTO flow.arguments VALUES (-1, 'whole')"),
    Plant("unknown_run", "run -1", "UPDATE async.lane SET owner_id = -1 WHERE lane_id = {lane}"),
    Plant("unknown_run", "run -1", "UPDATE async.task SET owner_id = -1 WHERE task_id = {step}"),
    Plant(
        "run_without_definition",
        "run {whole}",
        "UPDATE flow.run SET definition_id = -1 WHERE flow_id = {whole}",
    ),
    Plant("run_without_arguments", "run {open}", "DELETE FROM flow.arguments WHERE flow_id = {open}"),
    Plant(
        "unknown_node",
        "run {whole}, node number 7",
        "INSERT INTO flow.node_state VALUES ({whole}, 7, 1, 'PENDING', 1, false, 0, 0, 0, 0)",
    ),
    Plant(
        "unknown_node",
        "run {open}, node number 7",
        "UPDATE async.task SET owner_item = 7 WHERE task_id = {step}",
    ),
    Plant(
        "stray_steps",
        "run {whole}, node a",
        "INSERT INTO flow.chunk(flow_id, node_no, steps) VALUES ({whole}, 1, '{{1}}')",
    ),
    Plant(
        "stray_steps",
        "run {whole}, node a",
        "INSERT INTO flow.stopped_chunk VALUES (-1, {whole}, 1, '{{1}}')",
    ),
    Plant("stray_steps", "run {open}, node steps", "UPDATE flow.parked_chunk SET node_no = 3"),
    Plant("open_lane_of_ended_run", "run {whole}", "INSERT INTO async.open_lane VALUES ({whole_lane})"),
]
PLANTS = [
    *PLACES,
    *MARKS,
    *BATCHES,
    *LANES,
    *LIMITS,
    *RUNS,
    *ORDER,
    *COUNTS,
    *NODE_TASKS,
    *CLAIMS,
    *LEFTOVERS,
]
