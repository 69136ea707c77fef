CREATE OR REPLACE FUNCTION async.check_configuration(_configuration JSONB) RETURNS VOID
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Raises one error that says all that is wrong with a configuration of the engine; no connection string is part of
 * it.
 *
 * _configuration: what async.configure() was given.
 * Errors: PF006.
 */
#variable_conflict error
DECLARE
  lines TEXT[];
  problems BIGINT;
  hint TEXT;
BEGIN
  IF jsonb_typeof(_configuration) IS DISTINCT FROM 'object' THEN
    lines := ARRAY['it must be an object with the keys control, targets and concurrency_pools'];
    problems := 1;
  ELSE
    SELECT
      array_agg(
        p.line || coalesce(' (did you mean "' || async.find_nearest_name(p.wrong, p.known) || '"?)', '') ORDER BY p.no)
        FILTER (WHERE p.no <= 50),
      count(*),
      CASE WHEN bool_or(p.line LIKE '%connection_string holds a password') THEN
        'Keep a password in a service file, a password file or the user mapping of a foreign server, '
        'or say "allow_password": true.'
      END
    INTO lines, problems, hint
    FROM
    (
      SELECT a.line, a.wrong, a.known, row_number() OVER (ORDER BY a.place, a.item_no, a.line COLLATE "C") AS no
      FROM
      (
        SELECT s.place, s.item_no, s.problem AS line, s.wrong, s.known FROM async.find_shape_problems(_configuration) s
        UNION ALL
        SELECT t.place, t.item_no, t.problem, NULL, NULL FROM async.find_target_problems(_configuration) t
        UNION ALL
        SELECT t.place, t.item_no, t.problem, NULL, NULL FROM async.find_self_target_problems(_configuration) t
        UNION ALL
        SELECT l.place, l.item_no, l.problem, NULL, NULL FROM async.find_pool_problems(_configuration) l
      ) a
    ) p;
  END IF;

  PERFORM async.raise_configuration_error('configuration of the task engine is not valid', lines, problems, hint);
END;
$$;
COMMENT ON FUNCTION async.check_configuration(JSONB) IS
  'Engine: raises PF006 with all that is wrong with a configuration of the engine';
