CREATE OR REPLACE FUNCTION async.is_label(_name TEXT) RETURNS BOOL LANGUAGE plpgsql IMMUTABLE STRICT
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Tells whether a text may be the name of a target, a pool or a flow: anything short that prints on one line. No
 * equals sign, so that a connection string in the wrong place is noticed.
 *
 * _name: the text.
 */
#variable_conflict error
BEGIN
  RETURN octet_length(_name) BETWEEN 1 AND 63 AND _name !~ '^\s|\s$|[\x01-\x1f\x7f=]';
END;
$$;
COMMENT ON FUNCTION async.is_label(TEXT) IS 'Engine: whether a text may be the name of a target, a pool or a flow';
