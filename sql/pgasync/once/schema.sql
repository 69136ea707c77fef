CREATE SCHEMA async;
COMMENT ON SCHEMA async IS
  'Task engine: runs queries in the background, on this server or any that it reaches with dblink';
