/*
 * Tasks for workers outside the database: offered to them, then taken by one of them. Only the orchestrator makes rows
 * and removes them, and it passes over those that a worker's open transaction has locked.
 */
CREATE TABLE async.offer
(
  offer_no BIGINT GENERATED ALWAYS AS IDENTITY,
  task_id BIGINT NOT NULL,
  lane_id BIGINT NOT NULL,
  target_id INT NOT NULL,
  pool_id INT NOT NULL,
  priority INT NOT NULL,
  task_data JSONB,              /* what its worker gets */
  timeout INTERVAL,             /* of the task, from the first time that it is taken */
  ends TIMESTAMPTZ,             /* when that is over; null: it has not been taken yet */
  offered TIMESTAMPTZ NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  taken TIMESTAMPTZ,
  worker TEXT,                  /* application_name of the session that took it */
  times_up TIMESTAMPTZ NOT NULL,   /* by when it must have been finished or, as long as nobody has it, taken */
  CONSTRAINT offer_pk PRIMARY KEY (offer_no)
);
CREATE INDEX offer_task_idx ON async.offer(task_id);
CREATE INDEX offer_lane_idx ON async.offer(lane_id);
CREATE INDEX offer_times_up_idx ON async.offer(times_up);
CREATE INDEX offer_free_idx ON async.offer(target_id, priority, offer_no) WHERE taken IS NULL;
COMMENT ON TABLE async.offer IS 'Engine: tasks that workers outside the database may take, or have taken';
