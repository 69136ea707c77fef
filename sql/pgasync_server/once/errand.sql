/* What extensions want done on targets, when there is time: with the next exchange at which requests are removed there. */
CREATE TABLE async.errand
(
  target_id INT,
  errand_id BIGINT GENERATED ALWAYS AS IDENTITY,
  routine TEXT NOT NULL,        /* function of the client extension; takes a JSONB array of such arguments */
  argument JSONB NOT NULL,
  CONSTRAINT errand_pk PRIMARY KEY (target_id, errand_id)
);
COMMENT ON TABLE async.errand IS 'Engine: small things to be done on targets, when there is time';
