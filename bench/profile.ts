/**
 * Profiles a step by kernel: `node src-main/launcher/launch.mjs bench/profile.ts [step|training|score|generation] [quick|paper] [--nodes n] [--batch n] [--threads n] [--shapes]`.
 * TensorFlow's calls return after the kernel has finished, so the duration of a call is that of its kernel.
 */
import { parseArgs } from "node:util";
import { initBackend, tf } from "../src-main/engine/backend/index.ts";
import type { TensorInfo } from "../src-main/engine/backend/ops/tf.ts";
import { GhnSteps, NetworkSteps, PAPER, QUICK, randomCells } from "./lib/training-steps.ts";

interface Calls {
  count: number;
  ms: number;
}

type Execute = (name: string, attributes: unknown, inputs: readonly TensorInfo[], outputs?: number) => unknown;

/** Wraps the binding's two ways to run a kernel. The returned map accumulates times until it is cleared. */
function countKernels(shapes: boolean): Map<string, Calls> {
  const backend = tf.backend() as unknown as Record<"executeSingleOutput" | "executeMultipleOutputs", Execute>;
  const calls = new Map<string, Calls>();
  for (const method of ["executeSingleOutput", "executeMultipleOutputs"] as const) {
    const original = backend[method].bind(backend);
    backend[method] = (name, attributes, inputs, outputs) => {
      const start = performance.now();
      const result = original(name, attributes, inputs, outputs);
      const key = shapes ? `${name} ${inputs.map((input) => `[${input.shape.join(",")}]`).join(" ")}` : name;
      const entry = calls.get(key) ?? { count: 0, ms: 0 };
      entry.count += 1;
      entry.ms += performance.now() - start;
      calls.set(key, entry);
      return result;
    };
  }
  return calls;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    nodes: { type: "string" },
    batch: { type: "string" },
    threads: { type: "string", default: "2" },
    rounds: { type: "string", default: "5" },
    shapes: { type: "boolean", default: false },
  },
});
const [what = "step", size = "quick"] = positionals;
const backend = await initBackend({ threads: Number(values.threads) });
const network = size === "paper" ? PAPER : QUICK;
const nodes = Number(values.nodes ?? (what === "step" || what === "training" ? 7 : 17));
const batch = Number(values.batch ?? (size === "paper" ? 8 : 64));
const rounds = Number(values.rounds);
const bench = new GhnSteps(backend, network, batch);
const cells = randomCells(nodes, rounds + 2, 11);
const calls = countKernels(values.shapes);
const [first] = cells;
const training = what === "training" && first !== undefined ? new NetworkSteps(backend, bench, first) : null;
const work = (i: number): void => {
  const some = cells.slice(i, i + 1);
  if (what === "step") console.log(JSON.stringify(bench.step(some), (_, value: unknown) => (typeof value === "number" ? Number(value.toPrecision(4)) : value)));
  else if (what === "score") console.log(JSON.stringify(bench.score(some)));
  else if (what === "generation") console.log(bench.generate(cells) / cells.length);
  else if (training !== null) console.log(JSON.stringify(training.step()));
};
for (let i = 0; i < 2; i++) work(i);
calls.clear();
const before = process.resourceUsage();
const start = performance.now();
for (let i = 2; i < rounds + 2; i++) work(i);
const total = (performance.now() - start) / rounds;
const after = process.resourceUsage();
const perRound = (key: "userCPUTime" | "systemCPUTime" | "minorPageFault"): number => (after[key] - before[key]) / rounds;
const list = [...calls].sort(([, a], [, b]) => b.ms - a.ms);
const inside = list.reduce((sum, [, { ms }]) => sum + ms, 0) / rounds;
const count = list.reduce((sum, [, entry]) => sum + entry.count, 0) / rounds;
console.log(
  `processor: ${(perRound("userCPUTime") / 1000).toFixed(0)} ms user, ${(perRound("systemCPUTime") / 1000).toFixed(0)} ms system; ${perRound("minorPageFault").toFixed(0)} page faults; ${(after.maxRSS / 1024).toFixed(0)} MB peak`,
);
console.log(`${total.toFixed(1)} ms in total, ${inside.toFixed(1)} ms in ${count.toFixed(0)} kernels`);
for (const [name, entry] of list.slice(0, 40))
  console.log(`${(entry.ms / rounds).toFixed(2).padStart(9)} ms ${(entry.count / rounds).toFixed(1).padStart(8)} ×  ${name}`);
process.exit(0);
