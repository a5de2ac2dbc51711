/** A process that runs some GHN steps on the given backend and prints their times and losses as JSON: `ghn-steps.ts <backend> <threads> <steps>` */
import { initBackend } from "../../src-main/engine/backend/index.ts";
import { GhnSteps, QUICK, randomCells } from "../lib/training-steps.ts";

const [, , choice = "auto", threads = "1", steps = "5"] = process.argv;
const backend = await initBackend({ prefer: choice === "wasm" ? "wasm" : "tensorflow", threads: Number(threads) });
const bench = new GhnSteps(backend, QUICK, 32);
const times: number[] = [];
const losses: number[] = [];
for (const [i, cell] of randomCells(7, Number(steps) + 1, 40).entries()) {
  const { ms, loss } = bench.step([cell]);
  if (i > 0) times.push(ms);
  losses.push(loss);
}
process.stdout.write(`${JSON.stringify({ backend: backend.name, times, losses })}\n`);
process.exit(0);
