/** Reports one point after the other through the real port, as a run worker does, until it is asked to stop. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { processPort } from "../../../src-main/workers/port.ts";
import { Reporter } from "../../../src-main/workers/reporter.ts";

const port = processPort();
const reporter = new Reporter((message) => port.post(message), { activeBefore: 0, wallBefore: 0 });
let asked = false;
port.onMessage((message) => {
  if (message.type === "acknowledge") reporter.acknowledge(message.sequence);
  if (message.type === "stop") asked = true;
});

let step = 0;
let beaten = 0;
while (!asked) {
  step += 1;
  reporter.metric("ghn/loss", step, step / 100, Math.sin(step));
  reporter.log("info", `step ${step}`);
  reporter.progress({ phase: "Training", step, totalSteps: 0 });
  reporter.tick();
  // Proof of life for the test: memoryBytes carries the number of points reported so far.
  if (performance.now() - beaten > 100) {
    beaten = performance.now();
    port.post({ type: "heartbeat", cpuPercent: 0, memoryBytes: step, gpuPercent: null, gpuMemoryBytes: null });
  }
  await nextTurn();
}
reporter.flush();
port.post({ type: "done", summary: { points: step } });
port.close();
