CREATE OR REPLACE FUNCTION flow.add_steps(_args flow.callback_arguments_t, _arguments JSONB[]) RETURNS BIGINT
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
