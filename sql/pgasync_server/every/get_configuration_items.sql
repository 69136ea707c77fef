CREATE OR REPLACE FUNCTION async.get_configuration_items(_configuration JSONB, _section TEXT) RETURNS JSONB
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The items of one section of a configuration as an array, empty where the shape is wrong.
 *
 * _configuration: what async.configure() was given; _section: control (an array of the one object), targets or
 * concurrency_pools.
 */
SELECT CASE
  WHEN _section = 'control' AND jsonb_typeof(_configuration->_section) = 'object'
  THEN jsonb_build_array(_configuration->_section)
  WHEN _section <> 'control' AND jsonb_typeof(_configuration->_section) = 'array'
  THEN _configuration->_section
  ELSE '[]'
END;
$$;
COMMENT ON FUNCTION async.get_configuration_items(JSONB, TEXT) IS 'Engine: one section of a configuration as an array';
