CREATE TABLE async.task_kind
(
  kind TEXT,
  argument_type TEXT,     /* type of the argument that the call of the lane takes */
  header TEXT,            /* expression of that type, once a batch; $owner_id stands for that of the lane */
  argument TEXT,          /* expression of that type; $header, $task_id, $data and $label stand for theirs */
  preamble TEXT,          /* function (owner_id, target_id) returning what the first batch on a target must run */
  on_missing TEXT,        /* function (owner_id, target_id) called when a target turns out not to have it: PF014 */
  describe TEXT,          /* function (task ids) returning what a worker outside gets of each; null: its task_data */
  CONSTRAINT task_kind_pk PRIMARY KEY (kind)
);
COMMENT ON TABLE async.task_kind IS 'Engine: how the tasks of a lane become the argument of its call';

/* The engine's own: what async.push_tasks() queues. */
INSERT INTO async.task_kind(kind) VALUES ('query');
