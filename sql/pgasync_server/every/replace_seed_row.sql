CREATE OR REPLACE FUNCTION async.replace_seed_row() RETURNS TRIGGER LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Lets a dump of the configuration be restored over the rows that CREATE EXTENSION has just made: the row that holds
 * the key of the new one goes first. Outside a restore no row is inserted under a key that exists, so nothing is ever
 * removed.
 *
 * Argument of the trigger: name of the key column.
 * Writes the table of the trigger, and async.concurrency_pool by cascade from async.target.
 */
#variable_conflict error
BEGIN
  EXECUTE format('DELETE FROM %I.%I t WHERE t.%I = ($1).%3$I', TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_ARGV[0]) USING NEW;
  RETURN NEW;
END;
$$;
COMMENT ON FUNCTION async.replace_seed_row() IS 'Engine: makes room for a restored row of the configuration';

DROP TRIGGER IF EXISTS replace_seed_row ON async.control;
CREATE TRIGGER replace_seed_row BEFORE INSERT ON async.control
  FOR EACH ROW EXECUTE FUNCTION async.replace_seed_row('singleton');
COMMENT ON TRIGGER replace_seed_row ON async.control IS 'Engine: makes room for a restored row';

DROP TRIGGER IF EXISTS replace_seed_row ON async.target;
CREATE TRIGGER replace_seed_row BEFORE INSERT ON async.target
  FOR EACH ROW EXECUTE FUNCTION async.replace_seed_row('target_id');
COMMENT ON TRIGGER replace_seed_row ON async.target IS 'Engine: makes room for a restored row';

DROP TRIGGER IF EXISTS replace_seed_row ON async.concurrency_pool;
CREATE TRIGGER replace_seed_row BEFORE INSERT ON async.concurrency_pool
  FOR EACH ROW EXECUTE FUNCTION async.replace_seed_row('pool_id');
COMMENT ON TRIGGER replace_seed_row ON async.concurrency_pool IS 'Engine: makes room for a restored row';
