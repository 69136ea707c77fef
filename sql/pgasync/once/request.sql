/*
 * What sessions ask of the orchestrator, written in their own transaction: the inbox on a server, the outbox on a
 * client. Rows are inserted and never updated. The orchestrator reads the difference of two snapshots by xid, since
 * request_id is not given out in the order of commits, and removes rows once they are taken in.
 */
CREATE TABLE async.request
(
  request_id BIGINT GENERATED ALWAYS AS IDENTITY,
  xid BIGINT NOT NULL DEFAULT pg_catalog.txid_current(),
  kind TEXT NOT NULL,       /* what is asked: 'async.…' or that of an extension */
  payload JSONB NOT NULL,   /* its arguments */
  items JSONB[],            /* a long list belonging to it */
  requested TIMESTAMPTZ NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
CREATE INDEX request_xid_idx ON async.request(xid, request_id);
COMMENT ON TABLE async.request IS
  'Engine: requests that the orchestrator has not yet removed; read by snapshot difference';
