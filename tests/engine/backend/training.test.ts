import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { tensorflowMissing } from "./support/available.ts";

interface Training {
  readonly name: string;
  readonly losses: readonly number[];
  readonly tensors: readonly number[];
  readonly bits: string;
}

const STEPS = 20;

/** Trains in a separate process, because a process has one backend and results must be reproducible across processes. */
async function train(backend: "tensorflow" | "wasm", side: number, optimizer: "sgd" | "adam" = "sgd"): Promise<Training> {
  const script = fileURLToPath(new URL("./support/train.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, backend, String(STEPS), String(side), optimizer]);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Training;
}

const missing = await tensorflowMissing();
const why = missing === undefined ? "" : ` (${missing})`;

describe("training a small network with every operation", () => {
  it("gives the same bits twice on wasm, and leaks no tensors", { timeout: 120_000 }, async () => {
    const first = await train("wasm", 7);
    expect(await train("wasm", 7)).toEqual(first);
    expect(new Set(first.tensors.slice(1)).size).toBe(1);
  });

  // Side 7 is below the sizes from which other TensorFlow kernels are used, side 16 is above most of them.
  it.skipIf(missing !== undefined).each([7, 16])(`gives the same bits twice on TensorFlow, images of %d pixels${why}`, { timeout: 120_000 }, async (side) => {
    const first = await train("tensorflow", side);
    expect(await train("tensorflow", side)).toEqual(first);
    expect(new Set(first.tensors.slice(1)).size).toBe(1);
  });

  // Ten times the largest difference measured: 2e-7 with SGD, and 3e-6 with Adam, which divides by small roots at first.
  it.skipIf(missing !== undefined).each([
    { side: 7, optimizer: "sgd", tolerance: 2e-6 },
    { side: 16, optimizer: "sgd", tolerance: 2e-6 },
    { side: 8, optimizer: "adam", tolerance: 3e-5 },
  ] as const)(
    `gives the same losses on TensorFlow and on wasm, $side pixels, $optimizer${why}`,
    { timeout: 120_000 },
    async ({ side, optimizer, tolerance }) => {
      const tensorflow = await train("tensorflow", side, optimizer);
      const wasm = await train("wasm", side, optimizer);
      expect(tensorflow.losses).toHaveLength(STEPS);
      for (const [step, loss] of tensorflow.losses.entries())
        expect(Math.abs(loss - (wasm.losses[step] ?? Number.NaN)), `step ${step}`).toBeLessThan(tolerance);
      expect(tensorflow.losses.at(-1)).toBeLessThan((tensorflow.losses[0] ?? 0) * 0.8);
    },
  );
});
