CREATE OR REPLACE FUNCTION async.register_epoch(_server UUID, _epoch BIGINT, _token UUID) RETURNS BIGINT
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
