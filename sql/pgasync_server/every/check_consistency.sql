CREATE OR REPLACE FUNCTION async.check_consistency() RETURNS SETOF async.problem_t LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
SET enable_nestloop = off
SET jit = off AS
$$
/*
 * Whether the tables of the task engine agree with each other: every task is in one place, and nothing is left of what
 * has ended. Holds at any time, whatever runs meanwhile, since the orchestrator commits no half-done cycle. It is STABLE,
 * and so are those that it calls: all of them see the one snapshot of the statement that calls it. Reads a few times what is
 * open and what is kept; without nested loops that takes time in proportion, even where tables have no statistics.
 *
 * Returns a row a problem; none: all is well.
 */
SELECT p.* FROM async.find_place_problems() p
UNION ALL
SELECT p.* FROM async.find_mark_problems() p
UNION ALL
SELECT p.* FROM async.find_batch_problems() p
UNION ALL
SELECT p.* FROM async.find_lane_problems() p
UNION ALL
SELECT p.* FROM async.find_limit_problems() p;
$$;
COMMENT ON FUNCTION async.check_consistency() IS 'Whether the tables of the task engine agree: a row a problem';
