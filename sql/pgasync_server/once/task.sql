/*
 * Tasks are inserted and never updated. What is in a lane behind the lane's position waits; what is in a batch runs;
 * what has a result is done. Each of the tables that hold open work has a row a task at most, deleted by key.
 */
CREATE SEQUENCE async.task_id_seq;
COMMENT ON SEQUENCE async.task_id_seq IS 'Engine: numbers tasks';

CREATE SEQUENCE async.seq;
COMMENT ON SEQUENCE async.seq IS
  'Engine: order of tasks in their lanes: drawn by the orchestrator only, hence in the order of its commits';

CREATE TABLE async.task
(
  task_id BIGINT,
  lane_id BIGINT,               /* null: recorded, never run */
  seq BIGINT,                   /* place in the lane */
  owner_id BIGINT NOT NULL,
  owner_item INT NOT NULL,
  key UUID,                     /* where given, a task exists once for its owner's item */
  query TEXT,                   /* null: the lane's call */
  argument JSONB,
  entered TIMESTAMPTZ NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  source TEXT,
  task_data JSONB,
  CONSTRAINT task_pk PRIMARY KEY (task_id)
);
CREATE INDEX task_lane_idx ON async.task(lane_id, seq);
CREATE UNIQUE INDEX task_key_idx ON async.task(owner_id, owner_item, key);
COMMENT ON TABLE async.task IS
  'Engine: tasks as they were pushed; never updated, removed task_keep_duration after their end';
