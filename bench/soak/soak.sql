CREATE SCHEMA soak;

-- What a callback did: checked against what the engine says of its task. The ids count calls, those that failed too.
CREATE TABLE soak.done(id BIGINT GENERATED ALWAYS AS IDENTITY, flow_id BIGINT, node TEXT, n INT);
CREATE INDEX done_flow_idx ON soak.done(flow_id);

-- Steps that have been put off once.
CREATE TABLE soak.put_off(flow_id BIGINT, n INT, PRIMARY KEY (flow_id, n));

-- A node, or a step that does what its arguments say.
CREATE PROCEDURE soak.work(_args flow.callback_arguments_t) LANGUAGE plpgsql AS
$$
DECLARE
  number INT := ((_args).step_arguments ->> 'n')::INT;
  told TEXT := coalesce((_args).step_arguments ->> 'do', '');
BEGIN
  IF told = 'put off' AND NOT EXISTS (SELECT FROM soak.put_off p WHERE p.flow_id = (_args).flow_id AND p.n = number) THEN
    INSERT INTO soak.put_off VALUES ((_args).flow_id, number);
    CALL flow.defer(_args, '20 ms');
    RETURN;
  END IF;
  INSERT INTO soak.done(flow_id, node, n) VALUES ((_args).flow_id, (_args).node, number);
  IF told = 'fail' OR told = 'stumble' AND random() < 0.5 THEN
    RAISE EXCEPTION 'told to %', told USING ERRCODE = 'XX123';
  ELSIF told = 'answer' THEN
    CALL flow.finish(_args);
  ELSIF told = 'pause' THEN
    PERFORM pg_sleep(0.005);
  END IF;
END;
$$;

-- Pushes as many steps as the arguments of the run say, then is a node like any other.
CREATE PROCEDURE soak.push(_args flow.callback_arguments_t) LANGUAGE plpgsql AS
$$
DECLARE
  steps JSONB[] := ARRAY(
    SELECT jsonb_build_object('n', n) FROM generate_series(1, ((_args).flow_arguments ->> 'steps')::INT) n);
BEGIN
  CALL soak.work(_args);
  CALL flow.push_steps((_args).flow_id, (_args).node, steps);
END;
$$;

-- Holds a transaction with an id and a snapshot open until the advisory lock that the arguments name is free.
CREATE PROCEDURE soak.hold(_args flow.callback_arguments_t) LANGUAGE plpgsql AS
$$
BEGIN
  CALL soak.work(_args);
  PERFORM pg_advisory_xact_lock(((_args).flow_arguments ->> 'lock')::BIGINT);
END;
$$;
