CREATE OR REPLACE FUNCTION async.get_tasks(
  _target TEXT,
  _limit INT,
  _timeout INTERVAL,
  _wait INTERVAL,
  OUT task_id BIGINT,
  OUT priority INT,
  OUT times_up TIMESTAMPTZ,
  OUT task_data JSONB) RETURNS SETOF RECORD LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Takes tasks without a query for a worker outside the database, the most urgent first. They are the worker's once its
 * transaction commits, until times_up: it ends each with async.finish(). What is not finished by then goes back and is
 * offered again; a task whose own timeout is over is timed out. On a client they are taken on the server over
 * async.server(), at once.
 *
 * _target: of the tasks; _limit: how many at most; _timeout: how long this worker may have them, null or longer: as long
 * as the task's own timeout; _wait: how long to wait for the first of them.
 * Returns task_id, priority, times_up, and task_data as it was pushed.
 * Errors: PF007 unknown target, 22023 a limit or time that is not positive, 25001 waiting above READ COMMITTED, where
 * nothing new would ever be seen; PF008 on a client without a server.
 * Writes async.offer; locks its rows FOR UPDATE SKIP LOCKED.
 */
#variable_conflict error
DECLARE
  deadline CONSTANT TIMESTAMPTZ := clock_timestamp() + coalesce(_wait, '0');
  nap FLOAT8 := 0.005::FLOAT8;
BEGIN
  IF to_regclass('async.task') IS NULL THEN
    RETURN QUERY
    SELECT (j.item->>'task_id')::BIGINT, (j.item->>'priority')::INT, (j.item->>'times_up')::TIMESTAMPTZ, j.item->'task_data'
    FROM async.ask_server(format(
      'SELECT pg_catalog.to_jsonb(t) FROM async.get_tasks(%L, %L, %L, %L) t', _target, _limit, _timeout, _wait)) a
    CROSS JOIN LATERAL (SELECT a::JSONB AS item) j;
    RETURN;
  ELSIF deadline > clock_timestamp() AND current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'waiting needs transaction isolation READ COMMITTED' USING ERRCODE = 'active_sql_transaction';
  END IF;
  LOOP
    RETURN QUERY SELECT o.task_id, o.priority, o.times_up, o.task_data FROM async.take_offers(_target, _limit, _timeout) o;
    EXIT WHEN FOUND OR clock_timestamp() >= deadline;
    PERFORM pg_sleep(least(nap, extract(epoch FROM deadline - clock_timestamp())));
    nap := least(nap * 1.5, 0.1);
  END LOOP;
END;
$$;
COMMENT ON FUNCTION async.get_tasks(TEXT, INT, INTERVAL, INTERVAL) IS
  'Takes tasks without a query for a worker outside the database, and waits for them';

CREATE OR REPLACE FUNCTION async.get_tasks(
  _target TEXT,
  _limit INT DEFAULT 1,
  _timeout INTERVAL DEFAULT NULL,
  OUT task_id BIGINT,
  OUT priority INT,
  OUT times_up TIMESTAMPTZ,
  OUT task_data JSONB) RETURNS SETOF RECORD LANGUAGE sql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Takes what there is now, without waiting.
 *
 * _target, _limit, _timeout: as above; likewise what it returns, and its errors.
 * Writes async.offer; locks its rows FOR UPDATE SKIP LOCKED.
 */
SELECT g.task_id, g.priority, g.times_up, g.task_data FROM async.get_tasks(_target, _limit, _timeout, '0') g;
$$;
COMMENT ON FUNCTION async.get_tasks(TEXT, INT, INTERVAL) IS
  'Takes tasks without a query for a worker outside the database, as far as there are any now';
