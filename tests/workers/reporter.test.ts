import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, expect, it } from "vitest";
import type { FromWorker, ToWorker } from "../../src-shared/worker-protocol.ts";

type Batch = Extract<FromWorker, { type: "batch" }>;

let child: ChildProcess | null = null;
afterEach(() => {
  child?.kill("SIGKILL");
});

it("a worker that is not acknowledged merges instead of queueing, and loses nothing", async () => {
  child = fork(fileURLToPath(new URL("./support/reporting-worker.ts", import.meta.url)), [], { execArgv: [] });
  const batches: Batch[] = [];
  let reported = 0;
  let points = 0;
  child.on("message", (message: FromWorker) => {
    if (message.type === "batch") batches.push(message);
    if (message.type === "heartbeat") reported = message.memoryBytes;
    if (message.type === "done") points = Number(message.summary["points"]);
  });
  const post = (message: ToWorker): void => void child?.send(message);
  const stored = (): number => batches.reduce((sum, batch) => sum + (batch.metrics[0]?.step.length ?? 0), 0);

  // Nothing is acknowledged: after 20 batches the worker keeps working but sends no more.
  await expect.poll(() => batches.length, { timeout: 20_000 }).toBe(20);
  const sent = stored();
  await expect.poll(() => reported, { timeout: 20_000 }).toBeGreaterThan(sent + 500);
  expect(batches.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  expect(stored()).toBe(sent);

  // One batch is stored, so one more comes: with everything gathered meanwhile.
  const waiting = reported;
  post({ type: "acknowledge", sequence: 1 });
  await expect.poll(() => batches.length, { timeout: 20_000 }).toBe(21);
  expect(batches[20]?.metrics[0]?.step.length).toBeGreaterThanOrEqual(waiting - sent);
  expect(batches[20]?.logs.length).toBe(batches[20]?.metrics[0]?.step.length);
  expect(batches[20]?.progress?.step).toBe(stored());

  // The end does not wait for acknowledgements, and every point arrived once, in order.
  const exit = once(child, "exit");
  post({ type: "stop" });
  await exit;
  expect(batches.length).toBe(22);
  expect(batches.flatMap((batch) => batch.metrics[0]?.step ?? [])).toEqual(Array.from({ length: points }, (_, i) => i + 1));
});
