CREATE TABLE async.identity
(
  singleton BOOL NOT NULL DEFAULT true,
  server UUID NOT NULL,
  system_identifier BIGINT NOT NULL,   /* pg_control_system() */
  database OID NOT NULL,
  CONSTRAINT identity_pk PRIMARY KEY (singleton),
  CONSTRAINT identity_has_one_row CHECK (singleton)
);
COMMENT ON TABLE async.identity IS
  'Engine: who this server is to its targets, and where it was when the first orchestrator or async.claim_identity() said so';
