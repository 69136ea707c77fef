CREATE OR REPLACE FUNCTION async.rotate_receipts(_ring INT, _server UUID, _open BIGINT[], _newest BIGINT)
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
