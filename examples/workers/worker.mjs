// A worker outside the database: takes tasks with async.get_tasks(), does them, ends each with async.finish().
//
//     npm ci && node worker.mjs 'postgresql://user@host/database' http
//
// Here a task is an HTTP request: its task_data is {"url": …, "method": …, "body": …}. Put your own work into
// `work`. Start as many workers as you like, anywhere. SIGTERM and Ctrl-C end one once it has done what it has.

import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";

// How long this worker may take over a task before it goes to another one.
const LEASE = "5 minutes";

const TAKE = "SELECT task_id, times_up, task_data FROM async.get_tasks($1, 1, $2, '1 s')";
const FINISH = "SELECT async.finish(ARRAY[$1]::BIGINT[], $2, $3)";

let stopping = false;

// Does one task within so many milliseconds; what it throws is the task's error.
async function work(task, milliseconds) {
  const answer = await fetch(task.url, {
    method: task.method ?? (task.body === undefined ? "GET" : "POST"),
    headers: { "Content-Type": "application/json" },
    body: task.body === undefined ? undefined : JSON.stringify(task.body),
    signal: AbortSignal.timeout(milliseconds),
  });
  await answer.text();
  if (!answer.ok) {
    throw new Error(`HTTP ${answer.status}`);
  }
}

// Takes tasks until told to stop. Each query is a transaction of its own. A task_id is a string: it may exceed 2^53.
async function serve(client, target) {
  while (!stopping) {
    const { rows } = await client.query(TAKE, [target, LEASE]);
    for (const row of rows) {
      let outcome = ["FINISHED", null];
      try {
        await work(row.task_data, row.times_up.getTime() - Date.now());
      } catch (error) {
        outcome = ["FAILED", `${error.name}: ${error.message}`];
      }
      try {
        await client.query(FINISH, [row.task_id, ...outcome]);
      } catch (error) {
        if (error.code !== "PF005") {
          throw error;
        }
        console.log(`task ${row.task_id} had ended: canceled, timed out, or done by another worker`);
      }
    }
  }
}

// Serves a target, and connects again when the server was away.
async function main(connectionString, target) {
  for (const name of ["SIGTERM", "SIGINT"]) {
    process.on(name, () => {
      stopping = true;
    });
  }
  for (let pause = 100; !stopping; pause = Math.min(pause * 2, 10_000)) {
    const client = new pg.Client({ connectionString, application_name: "worker.mjs" });
    client.on("error", () => {}); // the query under way rejects with it
    try {
      await client.connect();
      pause = 100;
      await serve(client, target);
    } catch (error) {
      if (error.code !== undefined && !/^(08|57P|E)/.test(error.code)) {
        throw error;
      }
      console.error(`the server is away: ${error.message}`);
      await sleep(pause);
    } finally {
      await client.end().catch(() => {});
    }
  }
}

await main(...process.argv.slice(2));
