CREATE OR REPLACE FUNCTION flow.check_consistency() RETURNS SETOF async.problem_t LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
SET enable_nestloop = off
SET jit = off AS
$$
/*
 * Whether all that is kept of runs agrees: the task engine's own tables, as async.check_consistency() has it, counters and
 * what they count, states of nodes and those of their parents and steps; and nothing is left of what has ended or was
 * removed. Holds at any time, whatever runs meanwhile: everything is seen in the one snapshot of the statement that calls
 * it. Reads a few times what is open and what is kept, and takes time in proportion to that.
 *
 * Returns a row a problem; none: all is well.
 */
SELECT p.* FROM async.check_consistency() p
UNION ALL
SELECT p.* FROM flow.find_run_problems() p
UNION ALL
SELECT p.* FROM flow.find_order_problems() p
UNION ALL
SELECT p.* FROM flow.find_count_problems() p
UNION ALL
SELECT p.* FROM flow.find_node_task_problems() p
UNION ALL
SELECT p.* FROM flow.find_claim_problems() p
UNION ALL
SELECT p.* FROM flow.find_leftover_problems() p;
$$;
COMMENT ON FUNCTION flow.check_consistency() IS 'Whether all that is kept of runs and tasks agrees: a row a problem';
