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
