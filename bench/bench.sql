CREATE SCHEMA bench;

-- What a callback did, and when: the measure is taken from here, not from what the engine records of itself.
CREATE TABLE bench.done(flow_id BIGINT, node TEXT, n INT, at TIMESTAMPTZ);

-- The callback of one row. pgbench and dblink call it too.
CREATE PROCEDURE bench.write(_args flow.callback_arguments_t) LANGUAGE plpgsql AS
$$
BEGIN
  INSERT INTO bench.done VALUES ((_args).flow_id, (_args).node, ((_args).step_arguments ->> 'n')::INT, clock_timestamp());
END;
$$;

CREATE PROCEDURE bench.nothing(_args flow.callback_arguments_t) LANGUAGE plpgsql AS
$$
BEGIN
END;
$$;

-- Pushes as many steps as the arguments of the run say.
CREATE PROCEDURE bench.push(_args flow.callback_arguments_t) LANGUAGE plpgsql AS
$$
DECLARE
  steps JSONB[] := ARRAY(
    SELECT jsonb_build_object('n', n) FROM generate_series(1, ((_args).flow_arguments ->> 'steps')::INT) n);
BEGIN
  CALL flow.push_steps((_args).flow_id, (_args).node, steps);
END;
$$;

-- A step of 1 ms: its row, then a sleep. Of the arguments' `seconds` where its number is their `slow`.
CREATE PROCEDURE bench.pause(_args flow.callback_arguments_t) LANGUAGE plpgsql AS
$$
DECLARE
  is_slow BOOL := (_args).step_arguments -> 'n' = (_args).flow_arguments -> 'slow';
BEGIN
  CALL bench.write(_args);
  PERFORM pg_sleep(CASE WHEN is_slow THEN ((_args).flow_arguments ->> 'seconds')::FLOAT8 ELSE 0.001 END);
END;
$$;

-- Holds a transaction with an id and a snapshot open until the advisory lock that the arguments name is free. Its row goes to a
-- table of its own, since bench.done is truncated meanwhile.
CREATE TABLE bench.held(flow_id BIGINT);
CREATE PROCEDURE bench.hold(_args flow.callback_arguments_t) LANGUAGE plpgsql AS
$$
BEGIN
  INSERT INTO bench.held VALUES ((_args).flow_id);
  PERFORM pg_advisory_xact_lock(((_args).flow_arguments ->> 'lock')::BIGINT);
END;
$$;

-- A node of a workflow: sleeps for its runtime, then writes its row.
CREATE TABLE bench.runtime(flow TEXT, node TEXT, seconds FLOAT8, PRIMARY KEY (flow, node));
CREATE PROCEDURE bench.work(_args flow.callback_arguments_t) LANGUAGE plpgsql AS
$$
BEGIN
  PERFORM pg_sleep((SELECT r.seconds FROM bench.runtime r WHERE r.flow = (_args).flow AND r.node = (_args).node));
  CALL bench.write(_args);
END;
$$;

-- Seconds that each of _count calls of _query takes over one connection, one after the other: what dblink itself costs.
CREATE FUNCTION bench.round_trip(_conninfo TEXT, _query TEXT, _count INT) RETURNS FLOAT8 LANGUAGE plpgsql AS
$$
DECLARE
  began TIMESTAMPTZ;
  seconds FLOAT8;
BEGIN
  PERFORM public.dblink_connect('bench', _conninfo);
  PERFORM public.dblink_exec('bench', _query);
  began := clock_timestamp();
  FOR i IN 1 .. _count LOOP
    PERFORM public.dblink_exec('bench', _query);
  END LOOP;
  seconds := extract(epoch FROM clock_timestamp() - began) / _count;
  PERFORM public.dblink_disconnect('bench');
  RETURN seconds;
END;
$$;
