\echo Use "CREATE EXTENSION pgflow" to load this file. \quit
-- pgflow 1.0, put together from sql/pgflow: edit the sources, not this file.
SET LOCAL search_path = pg_catalog, pg_temp;

DO $guard$
DECLARE
  installed TEXT;
BEGIN
  SELECT e.extversion INTO installed FROM pg_extension e WHERE e.extname = 'pgasync';
  IF installed IS DISTINCT FROM '1.0' THEN
    RAISE EXCEPTION 'extension "pgflow" 1.0 needs extension "pgasync" 1.0, not %',
      installed
      USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'Run ALTER EXTENSION pgasync UPDATE TO ''1.0'' first.';
  END IF;
END
$guard$;

-- pgflow/once/schema.sql
CREATE SCHEMA flow;
COMMENT ON SCHEMA flow IS 'Runs stored procedures as directed acyclic graphs';

-- pgflow/once/types.sql
CREATE TYPE flow.callback_arguments_t AS
(
  flow_id BIGINT,
  flow TEXT,
  flow_arguments JSONB,
  node TEXT,
  step_arguments JSONB,
  task_id BIGINT
);
COMMENT ON TYPE flow.callback_arguments_t IS
  'The one argument of every callback routine: in which run, node and step it is called';
COMMENT ON COLUMN flow.callback_arguments_t.flow_id IS 'Number of the run, as created by flow.run_flow()';
COMMENT ON COLUMN flow.callback_arguments_t.flow IS 'Name of the flow, as created by flow.configure_flow()';
COMMENT ON COLUMN flow.callback_arguments_t.flow_arguments IS 'As passed to flow.run_flow()';
COMMENT ON COLUMN flow.callback_arguments_t.node IS 'This node of the processing chain';
COMMENT ON COLUMN flow.callback_arguments_t.step_arguments IS
  'Arguments particular to this step of the node; null for the routine of the node itself';
COMMENT ON COLUMN flow.callback_arguments_t.task_id IS 'Number of the task';

-- pgflow/once/arguments.sql
CREATE TABLE flow.arguments
(
  flow_id BIGINT,
  flow TEXT NOT NULL,
  arguments JSONB,
  CONSTRAINT arguments_pk PRIMARY KEY (flow_id)
);
COMMENT ON TABLE flow.arguments IS
  'Arguments of runs that have had work in this database, so that they need not be sent with each task';
COMMENT ON COLUMN flow.arguments.flow_id IS 'Run';
COMMENT ON COLUMN flow.arguments.flow IS 'Its flow';
COMMENT ON COLUMN flow.arguments.arguments IS 'As passed to flow.run_flow()';

-- pgflow/every/args.sql
CREATE FUNCTION flow.args(_flow_id BIGINT) RETURNS JSONB LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The arguments of a run, as passed to flow.run_flow(), from the cache of this database.
 *
 * _flow_id: the run.
 * Errors: PF002 when nothing of the run has been here.
 */
#variable_conflict error
DECLARE
  cached flow.arguments;
BEGIN
  SELECT a.* INTO cached FROM flow.arguments a WHERE a.flow_id = _flow_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'unknown run %', _flow_id USING ERRCODE = 'PF002';
  END IF;
  RETURN cached.arguments;
END;
$$;
COMMENT ON FUNCTION flow.args(BIGINT) IS 'The arguments of a run';

-- pgflow/every/make_callback_header.sql
CREATE FUNCTION flow.make_callback_header(_flow_id BIGINT) RETURNS flow.callback_arguments_t
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * What all callbacks of a run have in common; called once a batch, on the target.
 *
 * _flow_id: the run.
 * Errors: PF014 when the arguments of the run have not come to this target; they are then sent with the next batch.
 */
#variable_conflict error
DECLARE
  cached flow.arguments;
BEGIN
  SELECT a.* INTO cached FROM flow.arguments a WHERE a.flow_id = _flow_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'arguments of run % have not come here', _flow_id USING ERRCODE = 'PF014';
  END IF;
  RETURN ROW(cached.flow_id, cached.flow, cached.arguments, NULL, NULL, NULL)::flow.callback_arguments_t;
END;
$$;
COMMENT ON FUNCTION flow.make_callback_header(BIGINT) IS 'Engine: what all callbacks of a run have in common';

-- pgflow/every/remember_arguments.sql
CREATE FUNCTION flow.remember_arguments(_flow_id BIGINT, _flow TEXT, _arguments JSONB) RETURNS VOID
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Keeps the arguments of a run in this database.
 *
 * _flow_id, _flow: the run and its flow.
 * _arguments: as passed to flow.run_flow().
 * Writes flow.arguments.
 */
#variable_conflict error
BEGIN
  INSERT INTO flow.arguments(flow_id, flow, arguments) VALUES (_flow_id, _flow, _arguments)
  ON CONFLICT (flow_id) DO UPDATE SET flow = EXCLUDED.flow, arguments = EXCLUDED.arguments;
END;
$$;
COMMENT ON FUNCTION flow.remember_arguments(BIGINT, TEXT, JSONB) IS 'Engine: keeps the arguments of a run on a target';

-- pgflow/every/forget_arguments.sql
CREATE FUNCTION flow.forget_arguments(_flow_ids JSONB) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Drops the arguments of runs that the server has forgotten from the cache of this database.
 *
 * _flow_ids: the runs, an array of numbers.
 * Writes flow.arguments.
 */
#variable_conflict error
BEGIN
  DELETE FROM flow.arguments a
  WHERE a.flow_id = ANY(ARRAY(SELECT u.value::BIGINT FROM jsonb_array_elements_text(_flow_ids) u));
END;
$$;
COMMENT ON FUNCTION flow.forget_arguments(JSONB) IS 'Engine: drops the arguments of forgotten runs';

-- pgflow/every/run_flow.sql
CREATE FUNCTION flow.run_flow(
  _flow TEXT,
  _arguments JSONB,
  _only_these_nodes TEXT[] DEFAULT NULL,
  _add_parents BOOL DEFAULT false,
  _add_children BOOL DEFAULT false,
  _parent_task_id BIGINT DEFAULT NULL,
  flow_id OUT BIGINT,
  _priority INT DEFAULT 0) RETURNS BIGINT LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Starts a run of a configured flow and returns its id. On a server it starts when the caller commits; on a client it
 * is asked of the server over async.server() and starts at once.
 *
 * _flow: name of the flow.
 * _arguments: every callback gets them.
 * _only_these_nodes: names of the nodes to run, the others are SKIPPED; null: all. They count as finished, and what comes
 *   after them still waits for what comes before them.
 * _add_parents, _add_children: run all ancestors, all descendants of these nodes, too.
 * _parent_task_id: not run in this version.
 * _priority: added to those of the nodes; lower runs first.
 * Errors: PF001 unknown flow, PF003 unknown nodes, 0A000 what this version does not run; PF008 on a client without a server.
 * Writes, on a server: flow.run, flow.open_run, flow.arguments, async.request.
 */
#variable_conflict error
BEGIN
  IF to_regclass('flow.run') IS NULL THEN
    SELECT a::BIGINT INTO flow_id FROM async.ask_server(format(
      'SELECT flow.run_flow(%L, %L, %L, %L, %L, %L, _priority => %L)',
      _flow, _arguments, _only_these_nodes, _add_parents, _add_children, _parent_task_id, _priority)) a;
  ELSE
    flow_id := flow.create_run(
      _flow, _arguments, _only_these_nodes, _add_parents, _add_children, _parent_task_id, _priority);
  END IF;
END;
$$;
COMMENT ON FUNCTION flow.run_flow(TEXT, JSONB, TEXT[], BOOL, BOOL, BIGINT, INT) IS 'Starts a run of a flow';

-- pgflow/every/create_flow.sql
CREATE FUNCTION flow.create_flow(
  _flow TEXT,
  _arguments JSONB,
  _only_these_nodes TEXT[] DEFAULT NULL,
  _add_parents BOOL DEFAULT false,
  _add_children BOOL DEFAULT false,
  _parent_task_id BIGINT DEFAULT NULL,
  _force_priority INT DEFAULT NULL,
  flow_id OUT BIGINT) RETURNS BIGINT LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Starts a run as flow.run_flow() does, under the name, and with the order of arguments, that the script version has.
 *
 * _flow, _arguments, _only_these_nodes, _add_parents, _add_children, _parent_task_id: as flow.run_flow() takes them.
 * _force_priority: priority of the run, added to those of the nodes; null: 0.
 * Errors: those of flow.run_flow().
 * Writes what flow.run_flow() does.
 */
#variable_conflict error
BEGIN
  flow_id := flow.run_flow(
    _flow, _arguments, _only_these_nodes, _add_parents, _add_children, _parent_task_id, coalesce(_force_priority, 0));
END;
$$;
COMMENT ON FUNCTION flow.create_flow(TEXT, JSONB, TEXT[], BOOL, BOOL, BIGINT, INT) IS
  'Starts a run of a flow: flow.run_flow() under the name that the script version has';

-- pgflow/every/push_steps.sql
CREATE PROCEDURE flow.push_steps(
  _flow_id BIGINT,
  _node TEXT,
  _arguments JSONB[],
  _flush_transaction_when_client BOOL DEFAULT true) LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Adds steps to a node of a run; those that it has already are passed over, those of a node that has not begun wait for
 * it. Takes effect with the caller's transaction.
 *
 * _flow_id, _node: the run and its node.
 * _arguments: a step each.
 * _flush_transaction_when_client: accepted, and does nothing, since this never commits by itself.
 * Errors, on a server: PF002 unknown run, PF003 unknown node, PF005 a run that has ended.
 * Writes async.request, up to 500 steps a row.
 */
#variable_conflict error
BEGIN
  FOR place IN 1..coalesce(cardinality(_arguments), 0) BY 500 LOOP
    PERFORM async.add_request(
      'flow.push', jsonb_build_object('flow_id', _flow_id, 'node', _node),
      _arguments[array_lower(_arguments, 1) + place - 1 : array_lower(_arguments, 1) + place + 498]);
  END LOOP;
END;
$$;
COMMENT ON PROCEDURE flow.push_steps(BIGINT, TEXT, JSONB[], BOOL) IS 'Adds steps to a node of a run';

-- pgflow/every/add_steps.sql
CREATE FUNCTION flow.add_steps(_args flow.callback_arguments_t, _arguments JSONB[]) RETURNS BIGINT
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Adds steps to the node whose callback calls this, as flow.push_steps() does, and tells how many of them were new as
 * far as can be seen from here: given once, and not pushed to the node before by the same transaction; on a server also
 * not known beforehand nor queued yet. A step that is not new after all is passed over when it is taken in.
 *
 * _args: as the callback got them.
 * _arguments: a step each; null or empty: none.
 * Errors, on a server: PF002 unknown run, PF003 unknown node, PF005 a run that has ended.
 * Writes async.request, up to 500 steps a row, of new ones only.
 */
#variable_conflict error
DECLARE
  pushed CONSTANT JSONB := jsonb_build_object('flow_id', (_args).flow_id, 'node', (_args).node);
  added JSONB[];
BEGIN
  added := ARRAY(
    SELECT g.step
    FROM (SELECT coalesce(u.step, 'null') AS step, min(u.n) AS n
          FROM unnest(_arguments) WITH ORDINALITY u(step, n) GROUP BY 1) g
    WHERE g.step NOT IN (
      SELECT coalesce(i.item, 'null')
      FROM async.request r CROSS JOIN LATERAL unnest(r.items) i(item)
      WHERE r.xid = txid_current_if_assigned() AND r.kind = 'flow.push' AND r.payload = pushed)
    ORDER BY g.n);
  IF to_regclass('flow.run') IS NOT NULL THEN
    added := flow.find_new_steps((_args).flow_id, (_args).node, added);
  END IF;
  CALL flow.push_steps((_args).flow_id, (_args).node, added);
  RETURN cardinality(added)::BIGINT;
END;
$$;
COMMENT ON FUNCTION flow.add_steps(flow.callback_arguments_t, JSONB[]) IS
  'Adds steps to the node whose callback calls it, and returns how many were new';

-- pgflow/every/finish.sql
CREATE PROCEDURE flow.finish(
  _args flow.callback_arguments_t,
  _failed BOOL DEFAULT false,
  _error_message TEXT DEFAULT NULL,
  _flush_transaction_when_client BOOL DEFAULT true) LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Resolves a node or step that finishes asynchronously. Takes effect with the caller's transaction.
 *
 * _args: as its callback got them.
 * _failed: it failed; otherwise it finished.
 * _error_message: why it failed.
 * _flush_transaction_when_client: accepted, and does nothing, since this never commits by itself.
 * Errors, on a server: PF004 unknown task, PF005 one that has ended.
 * Writes async.request.
 */
#variable_conflict error
BEGIN
  PERFORM async.finish(ARRAY[(_args).task_id], CASE WHEN _failed THEN 'FAILED' ELSE 'FINISHED' END, _error_message);
END;
$$;
COMMENT ON PROCEDURE flow.finish(flow.callback_arguments_t, BOOL, TEXT, BOOL) IS
  'Resolves a node or step that finishes asynchronously';

-- pgflow/every/defer.sql
CREATE PROCEDURE flow.defer(_args flow.callback_arguments_t, _interval INTERVAL) LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Puts the running node or step back, to be called again later; what it has done stays. Takes effect with the caller's
 * transaction.
 *
 * _args: as the callback got them.
 * _interval: how long to put it off.
 * Errors, on a server: PF004 unknown task, PF005 one that has ended.
 * Writes async.request.
 */
#variable_conflict error
BEGIN
  PERFORM async.defer(ARRAY[(_args).task_id], _interval);
END;
$$;
COMMENT ON PROCEDURE flow.defer(flow.callback_arguments_t, INTERVAL) IS
  'Puts the running node or step back until later';

-- pgflow/every/cancel.sql
CREATE FUNCTION flow.cancel(_flow_id BIGINT) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Ends a run: what waits is CANCELED, what runs is interrupted. Takes effect with the caller's transaction.
 *
 * _flow_id: the run.
 * Errors, on a server: PF002 unknown run, PF005 one that has ended.
 * Writes async.request.
 */
#variable_conflict error
BEGIN
  PERFORM async.add_request('flow.cancel', jsonb_build_object('flow_id', _flow_id));
END;
$$;
COMMENT ON FUNCTION flow.cancel(BIGINT) IS 'Ends a run';

-- pgflow/every/restart_flow.sql
CREATE FUNCTION flow.restart_flow(_flow_id BIGINT, _node TEXT DEFAULT NULL, _failed_only BOOL DEFAULT false)
RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Runs a run that has ended again, under the same flow_id: whole, from one node down, or only what failed and what hung
 * on it. On a server it starts when the caller commits; on a client it is asked of the server over async.server() and
 * starts at once.
 *
 * _flow_id: the run.
 * _node: run this node and all its descendants again; null: all nodes.
 * _failed_only: of those, only nodes that ended FAILED, TIMED_OUT, CANCELED or DOA, with their descendants. Of the failed
 *   ones, what has finished stays as it is: a routine that did is not called again, steps that did are not run again.
 * Errors: PF001 its flow has been dropped, PF002 unknown run, PF003 unknown node, PF005 a run that has not ended or is being
 *   removed, a node that was skipped or cannot run, nothing that failed; PF008 on a client without a server.
 * Writes, on a server, what flow.restart_run() does.
 */
#variable_conflict error
BEGIN
  IF to_regclass('flow.run') IS NULL THEN
    PERFORM async.ask_server(format('SELECT flow.restart_flow(%L, %L, %L)', _flow_id, _node, _failed_only));
  ELSE
    PERFORM flow.restart_run(_flow_id, _node, coalesce(_failed_only, false));
  END IF;
END;
$$;
COMMENT ON FUNCTION flow.restart_flow(BIGINT, TEXT, BOOL) IS
  'Runs a run that has ended again: whole, from one node down, or only what failed';

-- pgflow/every/get_run_state.sql
CREATE FUNCTION flow.get_run_state(_flow_id BIGINT) RETURNS TEXT LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * State of a run: RUNNING, FINISHED, FAILED or CANCELED.
 *
 * _flow_id: the run.
 * Errors: PF002 unknown run, PF011 one that the caller's own open transaction made or restarted; PF008 on a client
 *   without a server.
 */
#variable_conflict error
DECLARE
  reached TEXT;
  maker BIGINT;
BEGIN
  IF to_regclass('flow.run') IS NULL THEN
    RETURN (SELECT a FROM async.ask_server(format('SELECT flow.get_run_state(%L)', _flow_id)) a);
  END IF;
  SELECT coalesce(s.maker, r.xmin::TEXT::BIGINT), s.state INTO maker, reached
  FROM flow.run r
  LEFT JOIN LATERAL (
    SELECT l.state, l.xmin::TEXT::BIGINT AS maker
    FROM flow.run_state l WHERE l.flow_id = r.flow_id ORDER BY l.state_no DESC LIMIT 1) s ON true
  WHERE r.flow_id = _flow_id;
  IF maker IS NULL THEN
    RAISE EXCEPTION 'unknown run %', _flow_id USING ERRCODE = 'PF002';
  ELSIF coalesce(reached, 'RUNNING') = 'RUNNING' AND maker = txid_current_if_assigned() % 4294967296 THEN
    RAISE EXCEPTION 'run % starts when this transaction commits', _flow_id
      USING ERRCODE = 'PF011', HINT = 'Commit before waiting.';
  END IF;
  RETURN coalesce(reached, 'RUNNING');
END;
$$;
COMMENT ON FUNCTION flow.get_run_state(BIGINT) IS 'Engine: state of a run';

-- pgflow/every/wait.sql
CREATE PROCEDURE flow.wait(_flow_id BIGINT, _timeout INTERVAL DEFAULT NULL) LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Returns when a run has ended well.
 *
 * _flow_id: the run.
 * _timeout: longest to wait; null: for ever.
 * Errors: PF009 it failed or was canceled, PF010 the time is up, PF002 unknown run, PF011 the caller's own open
 *   transaction made the run, so that it can only start later; PF008 on a client without a server.
 */
#variable_conflict error
DECLARE
  deadline TIMESTAMPTZ := clock_timestamp() + _timeout;
  reached TEXT;
  nap FLOAT8 := 0.001::FLOAT8;
BEGIN
  LOOP
    reached := flow.get_run_state(_flow_id);
    EXIT WHEN reached = 'FINISHED';
    IF reached <> 'RUNNING' THEN
      RAISE EXCEPTION 'run % ended %', _flow_id, reached
        USING ERRCODE = 'PF009', HINT = format('Look at SELECT * FROM flow.v_flow_node_status WHERE flow_id = %s.', _flow_id);
    ELSIF clock_timestamp() > deadline THEN
      RAISE EXCEPTION 'run % has not ended within %', _flow_id, _timeout USING ERRCODE = 'PF010';
    END IF;
    PERFORM pg_sleep(nap);
    nap := least(nap * 1.5, 0.25);
  END LOOP;
END;
$$;
COMMENT ON PROCEDURE flow.wait(BIGINT, INTERVAL) IS 'Returns when a run has ended well';

DO $revoke$
DECLARE
  object TEXT;
BEGIN
  FOR object IN
    WITH member AS (
      SELECT d.classid, d.objid
      FROM pg_depend d
      JOIN pg_extension e ON e.oid = d.refobjid
      WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'pgflow'
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
