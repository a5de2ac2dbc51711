import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { OWN_KERNELS_FILE, OWN_KERNELS_SOURCE } from "../../../../src-main/engine/backend/tensorflow/own-kernels-file.ts";
import { installedTensorFlow } from "../../../../src-main/tensorflow-install/tensorflow.ts";

interface Computed {
  readonly own: boolean;
  readonly results: readonly { readonly loss: number; readonly gradients: readonly (readonly number[])[] }[];
  readonly bits: readonly number[];
}

const SOURCES = path.join(import.meta.dirname, "../../../../src-main/engine/backend/tensorflow/own-kernels");

async function compute(mode: "own" | "plain", threads: number, instructions?: string): Promise<Computed> {
  const env = { ...process.env, ...(instructions === undefined ? {} : { GHN_KERNELS: instructions }) };
  const script = fileURLToPath(new URL("./one-network.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, mode, String(threads)], { maxBuffer: 1 << 28, env });
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Computed;
}

it("the file name of the compiled kernels matches the hash of their sources", () => {
  const hash = createHash("sha256");
  for (const file of readdirSync(SOURCES).sort()) hash.update(readFileSync(path.join(SOURCES, file)));
  expect(OWN_KERNELS_SOURCE).toBe(hash.digest("hex").slice(0, 8));
});

const entry = installedTensorFlow();
const compiled = entry !== null && existsSync(path.join(entry.folder, OWN_KERNELS_FILE));
describe.skipIf(!compiled)("own kernels compared with TensorFlow's", () => {
  it("compute the same losses and gradients for random cells, and the same bits with any number of threads", { timeout: 120_000 }, async () => {
    const plain = await compute("plain", 1);
    const own = await compute("own", 1);
    expect([plain.own, own.own]).toEqual([false, true]);
    expectClose(own, plain);
    expect((await compute("own", 3)).bits).toEqual(own.bits);
  });

  it("compute the same with every instruction set: the same bits with AVX2 and AVX-512", { timeout: 240_000 }, async (ctx) => {
    const portable = await compute("own", 1, "portable");
    expect(portable.own).toBe(true);
    const others = await Promise.all(["avx2", "avx512"].map((instructions) => compute("own", 1, instructions)));
    const [first, ...rest] = others.filter(({ own }) => own);
    if (first === undefined) return ctx.skip("The processor has neither AVX2 nor AVX-512.");
    expectClose(first, portable);
    for (const other of rest) {
      expect(other.bits).toEqual(first.bits);
      expect(other.results).toEqual(first.results);
    }
  });
});

function expectClose(own: Computed, plain: Computed): void {
  expect(own.results).toHaveLength(4);
  for (const [i, { loss, gradients }] of own.results.entries()) {
    const expected = plain.results[i];
    // Three blocks of batch norm divide by deviations of small batches, which amplifies float32 rounding errors.
    expect(Math.abs(loss - (expected?.loss ?? Number.NaN)), `cell ${i}`).toBeLessThan(1e-4);
    gradients.forEach((values, v) => {
      const others = expected?.gradients[v] ?? [];
      const largest = Math.max(1e-2, ...others.map(Math.abs));
      expect(values).toHaveLength(others.length);
      for (const [k, value] of values.entries()) expect(Math.abs(value - (others[k] ?? Number.NaN)), `cell ${i}, variable ${v}`).toBeLessThan(2e-3 * largest);
    });
  }
}
