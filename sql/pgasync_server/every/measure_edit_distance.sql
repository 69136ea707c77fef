CREATE OR REPLACE FUNCTION async.measure_edit_distance(_a TEXT, _b TEXT) RETURNS INT
LANGUAGE plpgsql IMMUTABLE STRICT
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Fewest characters to insert, remove or replace that turn one text into the other (Levenshtein).
 *
 * _a, _b: the texts.
 */
#variable_conflict error
DECLARE
  wanted TEXT[] := string_to_array(_b, NULL);
  letter TEXT;
  above INT[];
  this_row INT[];
BEGIN
  above := ARRAY(SELECT generate_series(0, length(_b)));

  FOR i IN 1..length(_a) LOOP
    letter := substr(_a, i, 1);
    this_row := array_fill(i, ARRAY[length(_b) + 1]);

    -- a cell needs the one before it, so this is a loop
    FOR j IN 1..length(_b) LOOP
      this_row[j + 1] := least(
        above[j + 1] + 1,
        this_row[j] + 1,
        above[j] + CASE WHEN wanted[j] = letter THEN 0 ELSE 1 END);
    END LOOP;

    above := this_row;
  END LOOP;

  RETURN above[length(_b) + 1];
END;
$$;
COMMENT ON FUNCTION async.measure_edit_distance(TEXT, TEXT) IS 'Engine: edit distance of two texts';
