CREATE TABLE async.server_connection
(
  singleton BOOL PRIMARY KEY DEFAULT true CHECK (singleton),
  connection_string TEXT NOT NULL
);
COMMENT ON TABLE async.server_connection IS 'How this client reaches its server; set by async.server()';
