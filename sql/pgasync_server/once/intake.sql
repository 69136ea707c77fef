/* How far the requests of each target, and this server (target_id 0), have been taken in. The newest row counts. */
CREATE TABLE async.intake
(
  target_id INT,
  intake_no BIGINT GENERATED ALWAYS AS IDENTITY,
  snapshot TXID_SNAPSHOT NOT NULL,
  taken TIMESTAMPTZ NOT NULL DEFAULT pg_catalog.clock_timestamp(),   /* later than the snapshot */
  CONSTRAINT intake_pk PRIMARY KEY (target_id, intake_no)
);
COMMENT ON TABLE async.intake IS
  'Engine: how far the requests of each target, and of this server (0), have been taken in';
