CREATE OR REPLACE FUNCTION async.describe_wanted_value(_rule JSONB, _value JSONB) RETURNS TEXT
LANGUAGE sql STABLE STRICT
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Says what value a key takes, and what it has been given instead; the latter never where it may be a secret.
 *
 * _rule: the rule of the key, see async.check_keys(); _value: the value that breaks it.
 */
SELECT
  CASE _rule->>'kind'
    WHEN 'boolean' THEN 'true or false'
    WHEN 'array' THEN 'an array'
    WHEN 'string' THEN 'a string'
    WHEN 'integer' THEN format('an integer from %s to %s', _rule->>'least', _rule->>'most')
    WHEN 'number' THEN format('a number from %s to %s', _rule->>'least', _rule->>'most')
    WHEN 'duration' THEN 'an interval, or a number of seconds, of more than zero and at most 100 years'
    WHEN 'delay' THEN 'an interval, or a number of seconds, of zero or more and at most 100 years'
    WHEN 'identifier' THEN 'an identifier in lower case, as in "name" or "schema.name", of at most 63 bytes each'
    WHEN 'routine' THEN
      'the name of a routine, as in name, schema.name or "Schema"."Name" (lower case unless quoted), '
      'of at most 63 bytes each'
    WHEN 'label' THEN 'a name of 1 to 63 bytes without control characters, "=" or space around it'
    WHEN 'secret' THEN 'a string that is not empty'
    WHEN 'sqlstates' THEN
      'an array of SQLSTATEs (five digits or upper-case letters, like "40001") or classes of them (two, like "08")'
    WHEN 'word' THEN
      'one of ' || (SELECT string_agg(w.word, ', ' ORDER BY w.no)
                    FROM jsonb_array_elements_text(_rule->'words') WITH ORDINALITY AS w(word, no))
  END
  || CASE
    WHEN jsonb_typeof(_value) = 'object' THEN ', not an object'
    WHEN jsonb_typeof(_value) = 'array' AND _rule->>'kind' <> 'sqlstates' THEN ', not an array'
    WHEN _rule->>'kind' = 'secret' OR strpos(_value::TEXT, '=') > 0 THEN ''
    WHEN length(_value::TEXT) > 80 THEN ', not ' || left(_value::TEXT, 79) || '…'
    ELSE ', not ' || _value::TEXT
  END;
$$;
COMMENT ON FUNCTION async.describe_wanted_value(JSONB, JSONB) IS
  'Engine: what a key of a configuration takes, for an error message';
