CREATE SCHEMA flow;
COMMENT ON SCHEMA flow IS 'Runs stored procedures as directed acyclic graphs';
