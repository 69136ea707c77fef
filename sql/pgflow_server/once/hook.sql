/* How flows reach the task engine, which knows nothing of them. */
INSERT INTO async.hook(owner, check_request, on_requests, on_results, on_cycle, on_maintenance)
VALUES
  ('flow', 'flow.check_request', 'flow.handle_requests', 'flow.handle_results', 'flow.expand_chunks', 'flow.forget_old');

INSERT INTO async.task_kind(kind, argument_type, header, argument, preamble, on_missing, describe)
VALUES
  ('flow.node', 'flow.callback_arguments_t', 'flow.make_callback_header($owner_id)',
   'ROW(($header).flow_id, ($header).flow, ($header).flow_arguments, $data OPERATOR(pg_catalog.#>>) ''{}'', NULL, $task_id)',
   'flow.send_arguments', 'flow.resend_arguments', 'flow.describe_tasks'),
  ('flow.step', 'flow.callback_arguments_t', 'flow.make_callback_header($owner_id)',
   'ROW(($header).flow_id, ($header).flow, ($header).flow_arguments, $label, $data, $task_id)',
   'flow.send_arguments', 'flow.resend_arguments', 'flow.describe_tasks');
