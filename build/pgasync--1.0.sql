\echo Use "CREATE EXTENSION pgasync" to load this file. \quit
-- pgasync 1.0, put together from sql/pgasync: edit the sources, not this file.
SET LOCAL search_path = pg_catalog, pg_temp;

-- pgasync/once/schema.sql
CREATE SCHEMA async;
COMMENT ON SCHEMA async IS
  'Task engine: runs queries in the background, on this server or any that it reaches with dblink';

-- pgasync/once/types.sql
/* Domains rather than enums: an enum cannot take a new value inside an update script on PostgreSQL 11. */
CREATE DOMAIN async.task_run_type_t AS TEXT
  CONSTRAINT task_run_type_known CHECK (VALUE IN ('EXECUTE', 'DOA', 'EMPTY', 'EXECUTE_NOASYNC'));
COMMENT ON DOMAIN async.task_run_type_t IS
  'EXECUTE: run it; DOA: record it as failed, never run; EMPTY: record it as finished, never run; '
  'EXECUTE_NOASYNC: run it and ignore the target''s asynchronous_finish';

CREATE DOMAIN async.finish_status_t AS TEXT
  CONSTRAINT finish_status_known
  CHECK (VALUE IN ('FINISHED', 'FAILED', 'CANCELED', 'PAUSED', 'TIMED_OUT', 'YIELDED', 'DOA', 'DEFERRED'));
COMMENT ON DOMAIN async.finish_status_t IS
  'How a task, or one attempt at it, ended: FINISHED; FAILED, TIMED_OUT, CANCELED; DOA: never run, recorded as failed; '
  'PAUSED, YIELDED: it waits for an outside answer; DEFERRED: put back until later';

CREATE TYPE async.task_push_t AS
(
  task_data JSONB,
  target TEXT,
  priority INT,
  query TEXT,
  concurrency_pool TEXT,
  manual_timeout INTERVAL,
  track_yielded BOOL,
  raw BOOL
);
COMMENT ON TYPE async.task_push_t IS 'One task to push; async.task() builds it';
COMMENT ON COLUMN async.task_push_t.task_data IS
  'Any JSON; the views show it, and a worker outside the database gets it';
COMMENT ON COLUMN async.task_push_t.target IS 'Name of the target, as async.configure() knows it';
COMMENT ON COLUMN async.task_push_t.priority IS 'Lower runs first; null: 0';
COMMENT ON COLUMN async.task_push_t.query IS 'One statement; a CALL may commit and roll back by itself';
COMMENT ON COLUMN async.task_push_t.concurrency_pool IS
  'Pool in which it counts; null: the own pool of the target';
COMMENT ON COLUMN async.task_push_t.manual_timeout IS
  'Longest that an attempt may run; null: default_timeout of the target';
COMMENT ON COLUMN async.task_push_t.track_yielded IS
  'While it waits for an outside answer it goes on counting in its pool; null: as the target has it';
COMMENT ON COLUMN async.task_push_t.raw IS
  'For what cannot run in a transaction block, as VACUUM; runs at least once, not exactly once';

-- pgasync/once/request.sql
/*
 * What sessions ask of the orchestrator, written in their own transaction: the inbox on a server, the outbox on a
 * client. Rows are inserted and never updated. The orchestrator reads the difference of two snapshots by xid, since
 * request_id is not given out in the order of commits, and removes rows once they are taken in.
 */
CREATE TABLE async.request
(
  request_id BIGINT GENERATED ALWAYS AS IDENTITY,
  xid BIGINT NOT NULL DEFAULT pg_catalog.txid_current(),
  kind TEXT NOT NULL,       /* what is asked: 'async.…' or that of an extension */
  payload JSONB NOT NULL,   /* its arguments */
  items JSONB[],            /* a long list belonging to it */
  requested TIMESTAMPTZ NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
CREATE INDEX request_xid_idx ON async.request(xid, request_id);
COMMENT ON TABLE async.request IS
  'Engine: requests that the orchestrator has not yet removed; read by snapshot difference';

-- pgasync/once/receipt.sql
/*
 * A receipt is the last row that a task's transaction writes on its target. To revoke a task is to insert that same
 * key first: whoever commits it wins, at any isolation level. Two tables take turns, so that one can be emptied while
 * the other is written; the orchestrator names the one to use with each batch. Emptied by TRUNCATE, they need no
 * vacuum; and one that found a table empty would let later look-ups scan it, where an unknown table is read by its key.
 */
CREATE TABLE async.receipt_0
(
  server UUID,             /* of the orchestrator's database */
  epoch BIGINT,            /* of the orchestrator that assigned the batch */
  batch_id BIGINT,         /* one assignment: a task assigned again has another */
  task_id BIGINT,
  started TIMESTAMPTZ,
  ended TIMESTAMPTZ,       /* null for a revocation */
  CONSTRAINT receipt_0_pk PRIMARY KEY (server, epoch, batch_id, task_id)
) WITH (autovacuum_enabled = false);
COMMENT ON TABLE async.receipt_0 IS
  'Engine: receipts (ended) and revocations (ended IS NULL) of tasks that ran here; takes turns with receipt_1';

CREATE TABLE async.receipt_1
(
  LIKE async.receipt_0 INCLUDING DEFAULTS,
  CONSTRAINT receipt_1_pk PRIMARY KEY (server, epoch, batch_id, task_id)
) WITH (autovacuum_enabled = false);
COMMENT ON TABLE async.receipt_1 IS
  'Engine: receipts (ended) and revocations (ended IS NULL) of tasks that ran here; takes turns with receipt_0';

-- pgasync/once/fence.sql
CREATE TABLE async.fence
(
  server UUID,
  epoch BIGINT,
  token UUID NOT NULL,     /* drawn by the orchestrator: tells two that took the same epoch apart */
  registered TIMESTAMPTZ NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  CONSTRAINT fence_pk PRIMARY KEY (server, epoch)
);
COMMENT ON TABLE async.fence IS
  'Engine: orchestrators that registered here; one with a smaller epoch than the greatest of its server runs nothing more';

-- pgasync/once/server_connection.sql
CREATE TABLE async.server_connection
(
  singleton BOOL NOT NULL DEFAULT true,
  connection_string TEXT NOT NULL,
  CONSTRAINT server_connection_pk PRIMARY KEY (singleton),
  CONSTRAINT server_connection_has_one_row CHECK (singleton)
);
COMMENT ON TABLE async.server_connection IS
  'Engine: how this client reaches its server; set by async.server()';

-- pgasync/every/bind_dblink.sql
CREATE FUNCTION async.bind_dblink() RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Makes async.dblink_*() point to the schema that holds dblink. Runs at install; a DBA who moves dblink with ALTER
 * EXTENSION … SET SCHEMA calls it again.
 *
 * Errors: P0002 when dblink is not installed.
 * Replaces the functions async.dblink_*().
 */
#variable_conflict error
DECLARE
  place TEXT;
BEGIN
  SELECT n.nspname::TEXT INTO STRICT place
  FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
  WHERE e.extname = 'dblink';

  EXECUTE format($bindings$
    CREATE OR REPLACE FUNCTION async.dblink_connect(_name TEXT, _conninfo TEXT) RETURNS TEXT LANGUAGE sql AS
      $body$SELECT %1$I.dblink_connect($1, $2)$body$;
    COMMENT ON FUNCTION async.dblink_connect(TEXT, TEXT) IS 'Engine: opens a connection under a name';
    CREATE OR REPLACE FUNCTION async.dblink_disconnect(_name TEXT) RETURNS TEXT LANGUAGE sql AS
      $body$SELECT %1$I.dblink_disconnect($1)$body$;
    COMMENT ON FUNCTION async.dblink_disconnect(TEXT) IS 'Engine: closes a connection';
    CREATE OR REPLACE FUNCTION async.dblink_connections() RETURNS TEXT[] LANGUAGE sql AS
      $body$SELECT %1$I.dblink_get_connections()$body$;
    COMMENT ON FUNCTION async.dblink_connections() IS 'Engine: names of this session''s connections, or null';
    CREATE OR REPLACE FUNCTION async.dblink_is_busy(_name TEXT) RETURNS INT LANGUAGE sql AS
      $body$SELECT %1$I.dblink_is_busy($1)$body$;
    COMMENT ON FUNCTION async.dblink_is_busy(TEXT) IS 'Engine: 1 while what was sent over a connection is under way';
    CREATE OR REPLACE FUNCTION async.dblink_send(_name TEXT, _query TEXT) RETURNS INT LANGUAGE sql AS
      $body$SELECT %1$I.dblink_send_query($1, $2)$body$;
    COMMENT ON FUNCTION async.dblink_send(TEXT, TEXT) IS 'Engine: sends a query and does not wait; 1 if it was sent';
    CREATE OR REPLACE FUNCTION async.dblink_error(_name TEXT) RETURNS TEXT LANGUAGE sql AS
      $body$SELECT %1$I.dblink_error_message($1)$body$;
    COMMENT ON FUNCTION async.dblink_error(TEXT) IS 'Engine: last error of a connection, or OK';
    CREATE OR REPLACE FUNCTION async.dblink_result(_name TEXT) RETURNS SETOF TEXT LANGUAGE sql AS
      $body$SELECT r.answer FROM %1$I.dblink_get_result($1) AS r(answer pg_catalog.TEXT)$body$;
    COMMENT ON FUNCTION async.dblink_result(TEXT) IS 'Engine: one column of what was sent, as text';
    CREATE OR REPLACE FUNCTION async.dblink_query(_name TEXT, _query TEXT) RETURNS SETOF TEXT LANGUAGE sql AS
      $body$SELECT r.answer FROM %1$I.dblink($1, $2) AS r(answer pg_catalog.TEXT)$body$;
    COMMENT ON FUNCTION async.dblink_query(TEXT, TEXT) IS 'Engine: runs a query of one column and waits for it';
  $bindings$, place);
END;
$$;
COMMENT ON FUNCTION async.bind_dblink() IS
  'Points the engine to the schema that holds dblink; call it again after ALTER EXTENSION dblink SET SCHEMA';
SELECT async.bind_dblink();

-- pgasync/every/find_new_requests.sql
CREATE FUNCTION async.find_new_requests(_since TXID_SNAPSHOT) RETURNS SETOF async.request
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The requests that the caller's snapshot sees and an earlier one did not, in the order in which each transaction
 * wrote them. What the earlier one saw is never looked at again, however long a transaction stays open.
 *
 * _since: the earlier snapshot; null: all requests.
 * Reads async.request.
 */
#variable_conflict error
BEGIN
  RETURN QUERY
  SELECT r.*
  FROM
  (
    SELECT q.* FROM async.request q WHERE q.xid >= coalesce(txid_snapshot_xmax(_since), 0)
    UNION ALL
    SELECT q.* FROM async.request q WHERE q.xid IN (SELECT txid_snapshot_xip(_since))
  ) r
  ORDER BY r.request_id;
END;
$$;
COMMENT ON FUNCTION async.find_new_requests(TXID_SNAPSHOT) IS 'Engine: requests committed since a snapshot';

-- pgasync/every/trim_requests.sql
CREATE FUNCTION async.trim_requests(
  _since TXID_SNAPSHOT,
  _trimmed TXID_SNAPSHOT DEFAULT NULL,
  _limit INT DEFAULT 5000) RETURNS BOOL LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Removes requests that have been taken in: all at once by TRUNCATE when nobody has the table open and nothing else
 * is in it, otherwise some of them. Never waits, and does not pass again over what was removed before, which a
 * transaction that stays open keeps in the table.
 *
 * _since: the snapshot that has seen what may go; null removes nothing; _trimmed: what an earlier snapshot has seen
 * is gone already; _limit: most rows to remove one by one.
 * Returns whether all of it is gone.
 * Writes async.request; locks it ACCESS EXCLUSIVE for an instant, NOWAIT.
 */
#variable_conflict error
DECLARE
  old TID[] := ARRAY(
    SELECT q.ctid FROM async.request q
    WHERE q.xid >= coalesce(txid_snapshot_xmax(_trimmed), 0) AND txid_visible_in_snapshot(q.xid, _since)
    ORDER BY q.xid LIMIT _limit);
BEGIN
  old := old || ARRAY(
    SELECT q.ctid FROM async.request q
    WHERE q.xid IN (SELECT txid_snapshot_xip(_trimmed)) AND txid_visible_in_snapshot(q.xid, _since)
    ORDER BY q.xid LIMIT _limit);
  IF cardinality(old) = 0 THEN
    RETURN true;
  END IF;
  BEGIN
    LOCK TABLE async.request IN ACCESS EXCLUSIVE MODE NOWAIT;
    IF NOT EXISTS (SELECT FROM async.request r WHERE r.xid >= txid_snapshot_xmax(_since))
       AND NOT EXISTS (SELECT FROM async.request r WHERE r.xid IN (SELECT txid_snapshot_xip(_since))) THEN
      TRUNCATE async.request;
      RETURN true;
    END IF;
  EXCEPTION WHEN lock_not_available THEN NULL;
  END;
  DELETE FROM async.request r WHERE r.ctid = ANY(old);
  RETURN cardinality(old) < _limit;
END;
$$;
COMMENT ON FUNCTION async.trim_requests(TXID_SNAPSHOT, TXID_SNAPSHOT, INT) IS
  'Engine: removes requests that have been taken in';

-- pgasync/every/find_receipts.sql
CREATE FUNCTION async.find_receipts(
  _server UUID,
  _epochs BIGINT[],
  _batch_ids BIGINT[],
  _rings INT[] DEFAULT '{0,1}')
RETURNS TABLE (batch_id BIGINT, task_id BIGINT, started TIMESTAMPTZ, ended TIMESTAMPTZ)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Receipts and revocations of some batches. OFFSET 0 keeps the planner to one look-up by key for each batch, whatever
 * it thinks of the tables. One that is not asked for is not locked either, so that it can be emptied meanwhile.
 *
 * _server: identity of the server that assigned them; _epochs, _batch_ids: the batches, element by element; _rings:
 * receipt tables to look into, 0 and 1.
 * Returns a row a receipt; ended is null for a revocation.
 * Reads async.receipt_0 and async.receipt_1.
 */
#variable_conflict error
BEGIN
  IF 0 = ANY(_rings) THEN
    RETURN QUERY
    SELECT r.batch_id, r.task_id, r.started, r.ended
    FROM unnest(_epochs, _batch_ids) b(epoch, batch_id)
    CROSS JOIN LATERAL (
      SELECT q.batch_id, q.task_id, q.started, q.ended
      FROM async.receipt_0 q WHERE q.server = _server AND q.epoch = b.epoch AND q.batch_id = b.batch_id OFFSET 0) r;
  END IF;
  IF 1 = ANY(_rings) THEN
    RETURN QUERY
    SELECT r.batch_id, r.task_id, r.started, r.ended
    FROM unnest(_epochs, _batch_ids) b(epoch, batch_id)
    CROSS JOIN LATERAL (
      SELECT q.batch_id, q.task_id, q.started, q.ended
      FROM async.receipt_1 q WHERE q.server = _server AND q.epoch = b.epoch AND q.batch_id = b.batch_id OFFSET 0) r;
  END IF;
END;
$$;
COMMENT ON FUNCTION async.find_receipts(UUID, BIGINT[], BIGINT[], INT[]) IS
  'Engine: what is known on a target of the tasks of some batches';

-- pgasync/every/revoke.sql
CREATE FUNCTION async.revoke(
  _ring INT,
  _server UUID,
  _epoch BIGINT,
  _batch_id BIGINT,
  _task_ids BIGINT[]) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Takes the receipts' keys of tasks, so that none of them can commit any more in that batch; those that have a
 * receipt keep it. Waits for a transaction that is just writing one.
 *
 * _ring: receipt table of the batch, 0 or 1; _server, _epoch, _batch_id, _task_ids: keys of the receipts.
 * Errors: 55P03 when that transaction takes longer than lock_timeout.
 * Writes async.receipt_0 or async.receipt_1.
 */
#variable_conflict error
BEGIN
  IF _ring = 0 THEN
    INSERT INTO async.receipt_0(server, epoch, batch_id, task_id)
    SELECT _server, _epoch, _batch_id, u.task_id FROM unnest(_task_ids) u(task_id)
    ON CONFLICT DO NOTHING;
  ELSE
    INSERT INTO async.receipt_1(server, epoch, batch_id, task_id)
    SELECT _server, _epoch, _batch_id, u.task_id FROM unnest(_task_ids) u(task_id)
    ON CONFLICT DO NOTHING;
  END IF;
END;
$$;
COMMENT ON FUNCTION async.revoke(INT, UUID, BIGINT, BIGINT, BIGINT[]) IS
  'Engine: makes sure that tasks of a batch can no longer commit';

-- pgasync/every/revoke_waiting.sql
CREATE FUNCTION async.revoke_waiting(
  _ring INT,
  _server UUID,
  _epoch BIGINT,
  _batch_id BIGINT,
  _task_ids BIGINT[],
  _pid INT) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Revokes the tasks of a batch that its session has not begun; the one that it is at goes on. Callbacks that commit by
 * themselves need this: revoked in the midst of it, one would be done twice although nothing died.
 *
 * The lock is held to the end of the transaction, so the session begins no other task before the revocations can be
 * seen; the task it is at is then the first without a receipt. A session does not ask for the lock (async.may_begin())
 * where the task before the last has ended within 20 ms, or the batch has begun within; so one that shows such signs
 * of life, as of 50 ms, is left alone.
 *
 * _ring, _server, _epoch, _batch_id: keys of the receipts; _task_ids: in the order in which the batch runs them;
 * _pid: process id of its session.
 * Errors: 55P03 as async.revoke().
 * Reads pg_stat_activity; writes async.receipt_0 or async.receipt_1; takes an advisory lock.
 */
#variable_conflict error
BEGIN
  PERFORM pg_advisory_xact_lock(1885759282, _pid);
  PERFORM async.revoke(_ring, _server, _epoch, _batch_id, w.task_ids[2:])
  FROM (
    SELECT array_agg(u.task_id ORDER BY u.n) FILTER (WHERE r.task_id IS NULL) AS task_ids, max(r.ended) AS latest
    FROM unnest(_task_ids) WITH ORDINALITY u(task_id, n)
    LEFT JOIN async.find_receipts(_server, ARRAY[_epoch], ARRAY[_batch_id]) r ON r.task_id = u.task_id) w
  WHERE EXISTS (
    SELECT FROM pg_stat_activity a
    WHERE a.pid = _pid AND greatest(a.query_start, w.latest) < clock_timestamp() - INTERVAL '50 ms');
END;
$$;
COMMENT ON FUNCTION async.revoke_waiting(INT, UUID, BIGINT, BIGINT, BIGINT[], INT) IS
  'Engine: makes sure that tasks of a batch that have not begun never will';

-- pgasync/every/rotate_receipts.sql
CREATE FUNCTION async.rotate_receipts(_ring INT, _server UUID, _open BIGINT[], _newest BIGINT)
RETURNS BOOL LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Empties a receipt table but for rows that are still needed; never waits for its lock. Rows of another server that
 * uses this target stay, and are then what keeps it from being emptied quite.
 *
 * _ring: the table, 0 or 1; _server: identity of the server that asks; _open: its batches whose rows stay; _newest:
 * rows of batches numbered above it stay too, for it has assigned those since it asked.
 * Returns whether it did.
 * Writes and locks async.receipt_0 or async.receipt_1, ACCESS EXCLUSIVE for an instant, NOWAIT.
 */
#variable_conflict error
DECLARE
  place TEXT := format('async.receipt_%s', CASE _ring WHEN 0 THEN '0' ELSE '1' END);
  kept async.receipt_0[];
BEGIN
  EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE NOWAIT', place);
  EXECUTE format(
    'SELECT array_agg(r::TEXT::async.receipt_0) FROM %s r '
    'WHERE r.server <> $1 OR r.batch_id = ANY($2) OR r.batch_id > $3', place)
  INTO kept USING _server, _open, _newest;
  EXECUTE format('TRUNCATE %s', place);
  EXECUTE format('INSERT INTO %s SELECT k.* FROM unnest($1) k', place) USING kept;
  RETURN true;
EXCEPTION WHEN lock_not_available THEN
  RETURN false;
END;
$$;
COMMENT ON FUNCTION async.rotate_receipts(INT, UUID, BIGINT[], BIGINT) IS
  'Engine: empties one of the two receipt tables';

-- pgasync/every/register_epoch.sql
CREATE FUNCTION async.register_epoch(_server UUID, _epoch BIGINT, _token UUID) RETURNS BIGINT
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Registers an orchestrator on this target, which from then on refuses batches of earlier ones of the same server.
 * Keeps the last ten.
 *
 * _server, _epoch: identity of the server and epoch of its orchestrator; _token: tells two that took the same epoch
 * apart.
 * Returns 0, or the greatest epoch seen here when another orchestrator has taken this one or a later one: then the
 * caller must take a greater one.
 * Writes async.fence.
 */
#variable_conflict error
DECLARE
  greatest_epoch BIGINT;
BEGIN
  INSERT INTO async.fence(server, epoch, token)
  SELECT _server, _epoch, _token
  WHERE NOT EXISTS (SELECT FROM async.fence f WHERE f.server = _server AND f.epoch > _epoch)
  ON CONFLICT DO NOTHING;

  SELECT max(f.epoch) INTO greatest_epoch
  FROM async.fence f
  WHERE f.server = _server AND (f.epoch > _epoch OR f.token <> _token AND f.epoch = _epoch);

  DELETE FROM async.fence f WHERE f.server = _server AND f.epoch < _epoch - 10;
  RETURN coalesce(greatest_epoch, 0);
END;
$$;
COMMENT ON FUNCTION async.register_epoch(UUID, BIGINT, UUID) IS 'Engine: fences off earlier orchestrators of a server';

-- pgasync/every/signal_session.sql
CREATE FUNCTION async.signal_session(_pid INT, _start TIMESTAMPTZ, _terminate BOOL) RETURNS VOID
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Cancels what a session runs, or ends it, if it still is the one that is meant. Never touches another.
 *
 * _pid, _start: process id of the session, and when it began; _terminate: end it.
 */
#variable_conflict error
BEGIN
  IF _terminate THEN
    PERFORM pg_terminate_backend(a.pid) FROM pg_stat_activity a WHERE a.pid = _pid AND a.backend_start = _start;
  ELSE
    PERFORM pg_cancel_backend(a.pid) FROM pg_stat_activity a WHERE a.pid = _pid AND a.backend_start = _start;
  END IF;
END;
$$;
COMMENT ON FUNCTION async.signal_session(INT, TIMESTAMPTZ, BOOL) IS 'Engine: cancels or ends one of its own sessions';

-- pgasync/every/report_news.sql
CREATE FUNCTION async.report_news(_message JSONB) RETURNS JSONB LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The reporting half of async.attend(): everything in one statement, hence in one snapshot. Sessions have been read
 * before, so a session that was found gone has left all its receipts in this answer.
 *
 * _message: what async.attend() was given.
 * Returns snapshot, requests and receipts of its answer.
 * Reads async.request, async.receipt_0 and async.receipt_1.
 */
#variable_conflict error
BEGIN
  RETURN (
    SELECT jsonb_build_object(
      'snapshot', txid_current_snapshot(),
      'requests', (
        SELECT jsonb_agg(jsonb_build_object('kind', q.kind, 'payload', q.payload, 'items', to_jsonb(q.items)))
        FROM async.find_new_requests((_message->>'since')::TXID_SNAPSHOT) q
        WHERE (_message->>'requests')::BOOL),
      'receipts', (
        SELECT jsonb_agg(jsonb_build_array(r.batch_id, r.task_id, r.started, r.ended))
        FROM async.find_receipts(
          (_message->>'server')::UUID,
          ARRAY(SELECT t.value::BIGINT FROM jsonb_array_elements_text(_message#>'{receipts,epochs}') t),
          ARRAY(SELECT t.value::BIGINT FROM jsonb_array_elements_text(_message#>'{receipts,batch_ids}') t)) r)));
END;
$$;
COMMENT ON FUNCTION async.report_news(JSONB) IS 'Engine: what a target reports over its control connection';

-- pgasync/every/run_errands.sql
CREATE FUNCTION async.run_errands(_errands JSONB) RETURNS JSONB LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Runs small errands of extensions on a target. One that fails undoes only itself.
 *
 * _errands: [{routine, arguments}]: functions that take an array of their arguments.
 * Returns the errors, as an array of texts.
 */
#variable_conflict error
DECLARE
  errand JSONB;
  errors JSONB := '[]'::JSONB;
BEGIN
  -- one by one: each calls another function, and may fail by itself
  FOR errand IN SELECT e.value FROM jsonb_array_elements(_errands) e LOOP
    BEGIN
      EXECUTE format('SELECT %s($1)', (errand->>'routine')::REGPROC) USING errand->'arguments';
    EXCEPTION WHEN OTHERS THEN
      errors := errors || to_jsonb(format('%s: %s', errand->>'routine', SQLERRM));
    END;
  END LOOP;
  RETURN errors;
END;
$$;
COMMENT ON FUNCTION async.run_errands(JSONB) IS 'Engine: runs small errands of extensions on a target';

-- pgasync/every/attend.sql
CREATE FUNCTION async.attend(_message JSONB) RETURNS JSONB LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * One exchange over a target's control connection.
 *
 * _message, an object; what is not there is not done:
 *   server       whose orchestrator asks
 *   since        snapshot of the last exchange, or null
 *   terminate    [[pid, start]]: end these sessions of the engine
 *   revoke       [{ring, epoch, batch_id, tasks, pid, start, cancel, waiting}]: revoke tasks, with waiting only those
 *                that have not begun; with cancel, interrupt the session
 *   notify       [[channel, payload]]
 *   trim         true: remove the requests that since has seen
 *   trimmed      snapshot up to which they are removed already, or null
 *   errands      [{routine, arguments}]: see async.run_errands()
 *   rotate       {ring, open, newest}: empty a receipt table but for these batches
 *   receipts     {epochs, batch_ids}: report the receipts of these batches
 *   flush        true: have the work that these receipts stand for on disk before the answer is sent
 *   sessions     [pid]: report these sessions
 *   requests     true: report what has been requested here since
 * Returns snapshot, requests, receipts, sessions [[pid, start, active]], rotated, trimmed (whether all of them are
 * gone), errors (of errands), troubles (batches whose lock was busy).
 * Reads pg_stat_activity; writes async.receipt_0, async.receipt_1, async.request; locks as async.rotate_receipts()
 * and async.trim_requests() do.
 */
#variable_conflict error
DECLARE
  job JSONB;
  reply JSONB := '{"troubles": []}'::JSONB;
BEGIN
  -- one by one: there are few, and each is a call
  FOR job IN SELECT j.value FROM jsonb_array_elements(_message->'terminate') j LOOP
    PERFORM async.signal_session((job->>0)::INT, (job->>1)::TIMESTAMPTZ, true);
  END LOOP;
  -- one by one: a batch whose lock is busy must not keep the others from being revoked
  FOR job IN SELECT j.value FROM jsonb_array_elements(_message->'revoke') j LOOP
    BEGIN
      IF (job->>'waiting')::BOOL THEN
        PERFORM async.revoke_waiting(
          (job->>'ring')::INT, (_message->>'server')::UUID, (job->>'epoch')::BIGINT, (job->>'batch_id')::BIGINT,
          ARRAY(SELECT t.value::BIGINT FROM jsonb_array_elements_text(job->'tasks') t), (job->>'pid')::INT);
      ELSE
        PERFORM async.revoke(
          (job->>'ring')::INT, (_message->>'server')::UUID, (job->>'epoch')::BIGINT, (job->>'batch_id')::BIGINT,
          ARRAY(SELECT t.value::BIGINT FROM jsonb_array_elements_text(job->'tasks') t));
      END IF;
      IF (job->>'cancel')::BOOL THEN
        PERFORM async.signal_session((job->>'pid')::INT, (job->>'start')::TIMESTAMPTZ, false);
      END IF;
    EXCEPTION WHEN lock_not_available OR query_canceled THEN
      reply := jsonb_set(reply, '{troubles}', reply->'troubles' || (job->'batch_id'));
    END;
  END LOOP;
  IF _message ? 'rotate' THEN
    reply := reply || jsonb_build_object('rotated', async.rotate_receipts(
      (_message#>>'{rotate,ring}')::INT, (_message->>'server')::UUID,
      ARRAY(SELECT t.value::BIGINT FROM jsonb_array_elements_text(_message#>'{rotate,open}') t),
      (_message#>>'{rotate,newest}')::BIGINT));
  END IF;
  IF (_message->>'trim')::BOOL THEN
    reply := reply || jsonb_build_object('trimmed', async.trim_requests(
      (_message->>'since')::TXID_SNAPSHOT, (_message->>'trimmed')::TXID_SNAPSHOT));
  END IF;
  IF _message ? 'errands' THEN
    reply := reply || jsonb_build_object('errors', async.run_errands(_message->'errands'));
  END IF;
  PERFORM pg_notify(n.value->>0, n.value->>1) FROM jsonb_array_elements(_message->'notify') n;
  SELECT reply
    || jsonb_build_object('sessions', jsonb_agg(jsonb_build_array(a.pid, a.backend_start, a.state = 'active')))
  INTO reply
  FROM pg_stat_activity a
  WHERE a.pid = ANY(ARRAY(SELECT t.value::INT FROM jsonb_array_elements_text(_message->'sessions') t));
  IF (_message->>'flush')::BOOL THEN  -- a commit that has written something flushes all before it
    PERFORM pg_logical_emit_message(true, 'pgflow', 'flush');
  END IF;
  RETURN reply || async.report_news(_message);
END;
$$;
COMMENT ON FUNCTION async.attend(JSONB) IS 'Engine: one exchange over a target''s control connection';

-- pgasync/every/assert_single_call.sql
/* lint: allow search_path: the routine must be found as the batch will find it */
CREATE FUNCTION async.assert_single_call(_query TEXT) RETURNS VOID LANGUAGE plpgsql AS
$$
/*
 * Raises unless a query parses as exactly one CALL. PostgreSQL's own parser decides: a cursor refuses a CALL, naming
 * the command, and refuses several statements, before anything of either runs. No search_path is pinned here: the
 * routine must be found as the batch will find it.
 *
 * _query: the text to look at.
 * Errors: 42601.
 */
#variable_conflict error
DECLARE
  probe pg_catalog.REFCURSOR;
  complaint pg_catalog.TEXT;
BEGIN
  BEGIN
    OPEN probe FOR EXECUTE _query;
  EXCEPTION WHEN invalid_cursor_definition THEN
    complaint := SQLERRM;
  END;
  IF complaint IS NULL OR pg_catalog.strpos(complaint, 'CALL') OPERATOR(pg_catalog.=) 0 THEN
    RAISE EXCEPTION 'query is not exactly one CALL' USING
      ERRCODE = 'syntax_error', DETAIL = pg_catalog.left(_query, 200),
      HINT = 'Push one task for each statement.';
  END IF;
END;
$$;
COMMENT ON FUNCTION async.assert_single_call(TEXT) IS 'Engine: checks on the target that a query is exactly one CALL';

-- pgasync/every/assert_single_statement.sql
/* lint: allow search_path: names must be found as the query will find them */
CREATE FUNCTION async.assert_single_statement(_query TEXT) RETURNS VOID LANGUAGE plpgsql AS
$$
/*
 * Raises unless a query parses as one statement. Only one that could be more, or none, is looked into: PostgreSQL's
 * own parser then decides, by the complaint of a cursor, compared with the one about two statements, since it is in
 * the server's language. No search_path is pinned here: names must be found as the query will find them.
 *
 * _query: the text to look at.
 * Errors: 42601.
 */
#variable_conflict error
DECLARE
  probe pg_catalog.REFCURSOR;
  complaint pg_catalog.TEXT;
  about_two pg_catalog.TEXT;
BEGIN
  IF pg_catalog.strpos(pg_catalog.rtrim(_query, E'; \n\t'), ';') OPERATOR(pg_catalog.=) 0
     AND _query OPERATOR(pg_catalog.~) '^\s*[[:alnum:](]' THEN
    RETURN;
  END IF;
  BEGIN
    OPEN probe FOR EXECUTE 'SELECT 1; SELECT 2';
  EXCEPTION WHEN invalid_cursor_definition THEN
    about_two := SQLERRM;
  END;
  BEGIN
    OPEN probe FOR EXECUTE _query;
    CLOSE probe;
  EXCEPTION WHEN invalid_cursor_definition THEN
    complaint := SQLERRM;
  END;
  IF complaint OPERATOR(pg_catalog.=) about_two THEN
    RAISE EXCEPTION 'query is not exactly one statement' USING
      ERRCODE = 'syntax_error', DETAIL = pg_catalog.left(_query, 200), HINT = 'Push one task for each statement.';
  END IF;
END;
$$;
COMMENT ON FUNCTION async.assert_single_statement(TEXT) IS 'Engine: checks on the target that a query is one statement';

-- pgasync/every/begin_batch.sql
CREATE FUNCTION async.begin_batch(_server UUID, _epoch BIGINT) RETURNS TIMESTAMPTZ LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * First call of every batch, on the target: leaves nothing of what ran before in the session, and refuses work of an
 * orchestrator that has been replaced.
 *
 * _server, _epoch: identity of the server and epoch of the orchestrator that assigned the batch.
 * Returns the time.
 * Errors: PF012 when a later orchestrator of that server has registered here.
 * Reads async.fence.
 */
#variable_conflict error
BEGIN
  RESET ALL;
  DISCARD TEMP;
  PERFORM pg_advisory_unlock_all();
  IF EXISTS (SELECT FROM async.fence f WHERE f.server = _server AND f.epoch > _epoch) THEN
    RAISE EXCEPTION 'orchestrator with epoch % has been replaced', _epoch USING ERRCODE = 'PF012';
  END IF;
  RETURN clock_timestamp();
END;
$$;
COMMENT ON FUNCTION async.begin_batch(UUID, BIGINT) IS 'Engine: opens a batch on a target';

-- pgasync/every/may_begin.sql
CREATE FUNCTION async.may_begin(
  _ring INT,
  _server UUID,
  _epoch BIGINT,
  _batch_id BIGINT,
  _task_id BIGINT,
  _n INT,
  _began TIMESTAMPTZ) RETURNS BOOL LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Whether a task of a batch may begin. It may not when it has been revoked meanwhile, or when the batch has used up its
 * 300 ms, so that the rest goes back; the first always has time. Waits for an async.revoke_waiting() of this session's
 * tasks that is just going on. VOLATILE, so as to see what that has written. No lock of the table outlives the look: the
 * task may take hours, and receipts must rotate meanwhile.
 *
 * A batch asks only where a revocation could be by now (async.build_message()).
 *
 * _ring: receipt table to look into, 0 or 1; _server, _epoch, _batch_id, _task_id: key of the receipt; _n: place of
 * the task in its batch, from 1; _began: when the batch did.
 * Reads async.receipt_0 or async.receipt_1; takes an advisory lock for a moment.
 */
#variable_conflict error
DECLARE
  revoked BOOL;
BEGIN
  IF _n > 1 AND clock_timestamp() > _began + INTERVAL '300 ms' THEN
    RETURN false;
  END IF;
  PERFORM pg_advisory_lock_shared(1885759282, pg_backend_pid());
  PERFORM pg_advisory_unlock_shared(1885759282, pg_backend_pid());
  BEGIN
    IF _ring = 0 THEN
      PERFORM FROM async.receipt_0 r
      WHERE r.server = _server AND r.epoch = _epoch AND r.batch_id = _batch_id AND r.task_id = _task_id;
    ELSE
      PERFORM FROM async.receipt_1 r
      WHERE r.server = _server AND r.epoch = _epoch AND r.batch_id = _batch_id AND r.task_id = _task_id;
    END IF;
    revoked := FOUND;
    RAISE EXCEPTION 'looked' USING ERRCODE = 'triggered_action_exception';
  EXCEPTION WHEN triggered_action_exception THEN NULL;  -- gives the lock of the table back
  END;
  RETURN NOT revoked;
END;
$$;
COMMENT ON FUNCTION async.may_begin(INT, UUID, BIGINT, BIGINT, BIGINT, INT, TIMESTAMPTZ) IS
  'Engine: whether a task of a batch may begin';

-- pgasync/every/end_task.sql
/* lint: allow search_path: a SET clause would cost more than all the rest */
CREATE FUNCTION async.end_task(
  _ring INT,
  _server UUID,
  _epoch BIGINT,
  _batch_id BIGINT,
  _task_id BIGINT,
  _started TIMESTAMPTZ) RETURNS TIMESTAMPTZ LANGUAGE plpgsql AS
$$
/*
 * Called on the target as the last statement of each task's transaction: puts settings, temporary tables, prepared
 * statements, cursors, channels and advisory locks back (the batch itself puts the role back, since the role left
 * behind may not call this), then writes the receipt.
 * Everything is qualified: a SET clause would cost more than all the rest. Assignments stand where PERFORM would
 * cost more.
 *
 * _ring: receipt table to write, 0 or 1; _server, _epoch, _batch_id, _task_id: key of the receipt; _started: when the
 * task began.
 * Returns when it ended, as the receipt says.
 * Errors: 23505 when the task has been revoked, which undoes its work.
 * Writes async.receipt_0 or async.receipt_1.
 */
#variable_conflict error
DECLARE
  now CONSTANT pg_catalog.TIMESTAMPTZ := pg_catalog.clock_timestamp();
  unlocked pg_catalog.TEXT;
BEGIN
  RESET ALL;
  DISCARD TEMP;
  DEALLOCATE ALL;
  EXECUTE 'CLOSE ALL';
  UNLISTEN *;
  unlocked := pg_catalog.pg_advisory_unlock_all();
  IF _ring OPERATOR(pg_catalog.=) 0 THEN
    INSERT INTO async.receipt_0(server, epoch, batch_id, task_id, started, ended)
    VALUES (_server, _epoch, _batch_id, _task_id, _started, now);
  ELSE
    INSERT INTO async.receipt_1(server, epoch, batch_id, task_id, started, ended)
    VALUES (_server, _epoch, _batch_id, _task_id, _started, now);
  END IF;
  RETURN now;
END;
$$;
COMMENT ON FUNCTION async.end_task(INT, UUID, BIGINT, BIGINT, BIGINT, TIMESTAMPTZ) IS
  'Engine: closes a task with its receipt';

-- pgasync/every/server.sql
CREATE FUNCTION async.server(_connection_string TEXT DEFAULT NULL, _allow_password BOOL DEFAULT false)
RETURNS TEXT LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Sets, when given, and returns the connection to the server that a session of this client uses outside of any task.
 *
 * _connection_string: as libpq takes it, or the name of a foreign server, whose user mapping then holds the secret; null
 * changes nothing; _allow_password: it may hold a password.
 * Returns it without the password, null where none is set.
 * Errors: 22023 a password that was not allowed.
 * Writes async.server_connection.
 */
#variable_conflict error
BEGIN
  IF _connection_string ~* 'password\s*=|^\s*postgres(ql)?://[^/@]*:[^/@]*@' AND NOT _allow_password THEN
    RAISE EXCEPTION 'connection string holds a password' USING
      ERRCODE = 'invalid_parameter_value',
      HINT = 'Keep it in a service file, a password file or the user mapping of a foreign server, or call'
             ' async.server(…, _allow_password => true).';
  ELSIF _connection_string IS NOT NULL THEN
    INSERT INTO async.server_connection(connection_string) VALUES (_connection_string)
    ON CONFLICT (singleton) DO UPDATE SET connection_string = EXCLUDED.connection_string;
  END IF;
  RETURN (
    SELECT regexp_replace(regexp_replace(
             c.connection_string, '(password\s*=\s*)(''(\\.|[^''\\])*''|(\\.|[^\s&\\])*)', '\1***', 'gi'),
             '^(\s*postgres(ql)?://[^/@:]*:)[^/@]*@', '\1***@', 'i')
    FROM async.server_connection c);
END;
$$;
COMMENT ON FUNCTION async.server(TEXT, BOOL) IS 'Gets or sets the connection of this client to its server';

-- pgasync/every/ask_server.sql
CREATE FUNCTION async.ask_server(_query TEXT) RETURNS SETOF TEXT LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Runs a query on the server of this client. It commits there at once, whatever becomes of the caller's transaction.
 *
 * _query: what to run; it returns one column.
 * Returns its rows as text.
 * Errors: PF008 when async.server() is not set, or leads to another client; those of the server.
 * Reads async.server_connection.
 */
#variable_conflict error
DECLARE
  place TEXT := (SELECT c.connection_string FROM async.server_connection c);
BEGIN
  IF place IS NULL THEN
    RAISE EXCEPTION 'this database has no connection to a server' USING
      ERRCODE = 'PF008', HINT = 'Set one with SELECT async.server(''service=…''), or call from within a task.';
  END IF;
  IF current_setting('pgflow.asked', true) = 'on' THEN
    RAISE EXCEPTION 'the server of this client is a client itself' USING
      ERRCODE = 'PF008', HINT = 'Set the connection to a database with pgasync_server: SELECT async.server(…).';
  END IF;
  PERFORM async.dblink_connect('pgflow_server', place);
  PERFORM FROM async.dblink_query('pgflow_server', 'SELECT pg_catalog.set_config(''pgflow.asked'', ''on'', false)');
  RETURN QUERY SELECT q.answer FROM async.dblink_query('pgflow_server', _query) q(answer);
  PERFORM async.dblink_disconnect('pgflow_server');
EXCEPTION WHEN OTHERS THEN
  IF 'pgflow_server' = ANY(async.dblink_connections()) THEN
    PERFORM async.dblink_disconnect('pgflow_server');
  END IF;
  RAISE;
END;
$$;
COMMENT ON FUNCTION async.ask_server(TEXT) IS 'Engine: runs a query on the server of this client';

-- pgasync/every/add_request.sql
CREATE FUNCTION async.add_request(_kind TEXT, _payload JSONB, _items JSONB[] DEFAULT NULL)
RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Asks something of the orchestrator: in the caller's transaction, in this database's own table of requests, except
 * on a client that knows its server, outside of any task: there it goes to the server directly and commits at once.
 *
 * _kind: what is asked, 'async.…' or that of an extension; _payload: its arguments; _items: a long list belonging to
 * it.
 * Errors: on a server those of what is asked; on a client those of async.ask_server().
 * Writes async.request.
 */
#variable_conflict error
DECLARE
  on_server CONSTANT BOOL := to_regclass('async.task') IS NOT NULL;
BEGIN
  IF NOT on_server AND coalesce(current_setting('pgflow.engine', true), '') = '' AND async.server() IS NOT NULL THEN
    PERFORM async.ask_server(format('SELECT async.add_request(%L, %L, %L)', _kind, _payload, _items));
    RETURN;
  END IF;
  IF on_server THEN
    PERFORM async.check_request(
      ROW(NULL, NULL, _kind, _payload, NULL, clock_timestamp())::async.request);
  END IF;
  INSERT INTO async.request(kind, payload, items) VALUES (_kind, _payload, _items);
END;
$$;
COMMENT ON FUNCTION async.add_request(TEXT, JSONB, JSONB[]) IS 'Engine: asks something of the orchestrator';

-- pgasync/every/task.sql
CREATE FUNCTION async.task(
  _query TEXT,
  _target TEXT,
  _task_data JSONB DEFAULT NULL,
  _priority INT DEFAULT 0,
  _concurrency_pool TEXT DEFAULT NULL,
  _manual_timeout INTERVAL DEFAULT NULL,
  _track_yielded BOOL DEFAULT NULL,
  _raw BOOL DEFAULT false) RETURNS async.task_push_t LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Builds one task for async.push_tasks(): the fields of async.task_push_t, in the order in which they matter to a
 * caller.
 *
 * _query, _target, _task_data, _priority, _concurrency_pool, _manual_timeout, _track_yielded, _raw: see
 * async.task_push_t.
 */
SELECT ROW(
  _task_data, _target, _priority, _query, _concurrency_pool, _manual_timeout, _track_yielded, _raw)::async.task_push_t;
$$;
COMMENT ON FUNCTION async.task(TEXT, TEXT, JSONB, INT, TEXT, INTERVAL, BOOL, BOOL) IS
  'Builds one task for async.push_tasks()';

-- pgasync/every/push_tasks.sql
CREATE FUNCTION async.push_tasks(
  _tasks async.task_push_t[],
  _run_type async.task_run_type_t DEFAULT 'EXECUTE',
  _source TEXT DEFAULT NULL) RETURNS SETOF BIGINT LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Queues tasks. On a server they start when the caller commits; on a client they are pushed over async.server() and
 * start at once.
 *
 * _tasks: what to run, as async.task() builds it; _run_type: whether to run it; _source: free text that the views
 * show.
 * Returns their ids, in order.
 * Errors: PF007 unknown target, 22004 a task without target, 22023 a query for a target without a connection; PF008 on a
 * client without a server.
 * Writes async.request.
 */
#variable_conflict error
DECLARE
  new_ids BIGINT[];
BEGIN
  IF to_regclass('async.task') IS NULL THEN
    RETURN QUERY SELECT a::BIGINT FROM async.ask_server(format(
      'SELECT async.push_tasks(%L::async.task_push_t[], %L, %L)', _tasks, _run_type, _source)) a;
    RETURN;
  END IF;
  PERFORM async.check_push(_tasks);
  new_ids := ARRAY(SELECT nextval('async.task_id_seq') FROM generate_series(1, cardinality(_tasks)));
  PERFORM async.add_request(
    'async.push',
    jsonb_build_object('run_type', _run_type, 'source', _source, 'task_ids', new_ids),
    ARRAY(SELECT value FROM jsonb_array_elements(to_jsonb(_tasks))));
  RETURN QUERY SELECT unnest(new_ids);
END;
$$;
COMMENT ON FUNCTION async.push_tasks(async.task_push_t[], async.task_run_type_t, TEXT) IS
  'Queues tasks and returns their ids';

-- pgasync/every/push_task.sql
CREATE FUNCTION async.push_task(
  _task async.task_push_t,
  _run_type async.task_run_type_t DEFAULT 'EXECUTE',
  _source TEXT DEFAULT NULL) RETURNS BIGINT LANGUAGE sql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Queues one task.
 *
 * _task, _run_type, _source: as in async.push_tasks().
 * Returns its id.
 * Errors: as async.push_tasks().
 * Writes async.request.
 */
SELECT async.push_tasks(ARRAY[_task], _run_type, _source);
$$;
COMMENT ON FUNCTION async.push_task(async.task_push_t, async.task_run_type_t, TEXT) IS
  'Queues one task and returns its id';

-- pgasync/every/finish.sql
CREATE FUNCTION async.finish(
  _task_ids BIGINT[],
  _status async.finish_status_t DEFAULT 'FINISHED',
  _error_message TEXT DEFAULT NULL,
  _duration INTERVAL DEFAULT NULL) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Resolves tasks that wait for an outside answer; one that still runs resolves so when it ends. Takes effect with the
 * caller's transaction.
 *
 * _task_ids: the tasks; _status: how they ended; _error_message: why, for the views; _duration: how long to put off
 * when _status is DEFERRED (null: 1 s).
 * Errors: PF004, PF005 on a server for tasks unknown or finished.
 * Writes async.request.
 */
#variable_conflict error
BEGIN
  PERFORM async.add_request('async.finish', jsonb_build_object(
    'task_ids', _task_ids, 'status', _status, 'message', _error_message, 'duration', _duration));
END;
$$;
COMMENT ON FUNCTION async.finish(BIGINT[], async.finish_status_t, TEXT, INTERVAL) IS
  'Resolves tasks that wait for an outside answer';

-- pgasync/every/cancel.sql
CREATE FUNCTION async.cancel(_task_ids BIGINT[], _message TEXT DEFAULT 'canceled by request')
RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Cancels tasks: what waits never runs, what runs is interrupted, unless it commits first. Takes effect with the
 * caller's transaction.
 *
 * _task_ids: the tasks; _message: reason that the views show.
 * Errors: PF004, PF005 on a server for tasks unknown or finished.
 * Writes async.request.
 */
#variable_conflict error
BEGIN
  PERFORM async.finish(_task_ids, 'CANCELED', _message);
END;
$$;
COMMENT ON FUNCTION async.cancel(BIGINT[], TEXT) IS 'Cancels tasks that wait or run';

-- pgasync/every/defer.sql
CREATE FUNCTION async.defer(_task_ids BIGINT[], _duration INTERVAL) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Puts tasks back, to run again later. A task that runs is put back when it ends; what it did stays. Takes effect
 * with the caller's transaction.
 *
 * _task_ids: the tasks; _duration: how long from when the request is taken in, or from the end of a task that runs.
 * Errors: as async.finish().
 * Writes async.request.
 */
#variable_conflict error
BEGIN
  PERFORM async.finish(_task_ids, 'DEFERRED', NULL, _duration);
END;
$$;
COMMENT ON FUNCTION async.defer(BIGINT[], INTERVAL) IS 'Puts tasks back until later';

-- pgasync/every/get_tasks.sql
CREATE FUNCTION async.get_tasks(
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

CREATE FUNCTION async.get_tasks(
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

-- pgasync/every/wait_for_latch.sql
CREATE FUNCTION async.wait_for_latch() RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Returns once the orchestrator has taken in every request that was committed before. Waits for ever when none runs.
 *
 * Errors: PF011 when the caller's own open transaction has made a request, 25001 above READ COMMITTED, where nothing
 * new would ever be seen; PF008 on a client without a server.
 * Reads async.request, async.intake.
 */
#variable_conflict error
BEGIN
  IF to_regclass('async.task') IS NULL THEN
    PERFORM async.ask_server('SELECT async.wait_for_latch()');
    RETURN;
  ELSIF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'waiting needs transaction isolation READ COMMITTED' USING ERRCODE = 'active_sql_transaction';
  ELSIF EXISTS (SELECT FROM async.request r WHERE r.xid = txid_current_if_assigned()) THEN
    RAISE EXCEPTION 'requests of this transaction are taken in when it commits' USING
      ERRCODE = 'PF011', HINT = 'COMMIT before waiting.';
  END IF;
  WHILE EXISTS (SELECT FROM async.find_new_requests(
    (SELECT i.snapshot FROM async.intake i WHERE i.target_id = 0 ORDER BY i.intake_no DESC LIMIT 1))) LOOP
    PERFORM pg_sleep(0.005);
  END LOOP;
END;
$$;
COMMENT ON FUNCTION async.wait_for_latch() IS 'Returns once the orchestrator has taken in every request made before';

DO $revoke$
DECLARE
  object TEXT;
BEGIN
  FOR object IN
    WITH member AS (
      SELECT d.classid, d.objid
      FROM pg_depend d
      JOIN pg_extension e ON e.oid = d.refobjid
      WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'pgasync'
    )
    SELECT format('SCHEMA %I', n.nspname)
    FROM member m
    JOIN pg_namespace n ON n.oid = m.objid
    WHERE m.classid = 'pg_namespace'::regclass
    UNION
    SELECT format('ROUTINE %s', m.objid::regprocedure)
    FROM member m
    WHERE m.classid = 'pg_proc'::regclass
    UNION
    SELECT format('%s %s', CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, c.oid::regclass)
    FROM member m
    JOIN pg_class c ON c.oid = m.objid
    WHERE m.classid = 'pg_class'::regclass AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
    UNION
    SELECT format('TYPE %s', t.oid::regtype)
    FROM member m
    JOIN pg_type t ON m.objid = CASE m.classid WHEN 'pg_class'::regclass THEN t.typrelid ELSE t.oid END
    WHERE m.classid IN ('pg_class'::regclass, 'pg_type'::regclass) AND t.typcategory <> 'A'
  LOOP
    EXECUTE 'REVOKE ALL ON ' || object || ' FROM PUBLIC';
  END LOOP;
END
$revoke$;
