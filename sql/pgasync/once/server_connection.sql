CREATE TABLE async.server_connection
(
  singleton BOOL NOT NULL DEFAULT true,
  connection_string TEXT NOT NULL,
  CONSTRAINT server_connection_pk PRIMARY KEY (singleton),
  CONSTRAINT server_connection_has_one_row CHECK (singleton)
);
COMMENT ON TABLE async.server_connection IS
  'Engine: how this client reaches its server; set by async.server()';
