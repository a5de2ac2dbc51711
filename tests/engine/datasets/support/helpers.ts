import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

import { expect, onTestFinished } from "vitest";
import type { ImageSet, LoadedDataset } from "../../../../src-main/engine/datasets/images/types.ts";
import { Rng } from "../../../../src-main/engine/random.ts";
import { UserError } from "../../../../src-main/lib/errors.ts";

/** Real data next to the repository; null if it is missing, in which case tests that need it are skipped. */
export function sharedData(relative: string): string | null {
  const path = resolve(import.meta.dirname, "../../../../shared/data", relative);
  if (existsSync(path)) return path;
  console.warn(`skipped: no ${relative} beside the repository`);
  return null;
}

/** A folder that is removed after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "ghn-datasets-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A folder for all tests of a file; `remove` is for `afterAll`. */
export function sharedTemporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "ghn-datasets-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export async function put(path: string, bytes: Uint8Array | string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
}

/** The UserError that a call throws. */
export async function userErrorOf(call: Promise<unknown> | (() => unknown)): Promise<UserError> {
  try {
    await (typeof call === "function" ? call() : call);
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    if (error instanceof UserError) {
      expect(error.message).toMatch(/^[A-Z"0-9a-z/].*[.]$/s);
      expect(error.remedy).toMatch(/[.]$/);
      return error;
    }
  }
  throw new Error("The call was expected to fail.");
}

/** Records of the CIFAR binary layout with random pixels; labels are cyclic. */
export function cifarBytes(count: number, labelBytes: 1 | 2 = 1, classes = 10, seed: string | number = 1): Uint8Array {
  const rng = Rng.fromSeed(seed, "cifar bytes");
  const record = labelBytes + 3072;
  const bytes = new Uint8Array(count * record);
  for (let n = 0; n < count; n++) {
    for (let i = 0; i < record; i++) bytes[n * record + i] = rng.nextUint32() & 255;
    if (labelBytes === 2) bytes[n * record] = 7;
    bytes[n * record + labelBytes - 1] = n % classes;
  }
  return bytes;
}

/** An IDX file of unsigned bytes. */
export function idxBytes(dims: readonly number[], data: Uint8Array): Uint8Array {
  const out = new Uint8Array(4 + 4 * dims.length + data.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, 0x0800 + dims.length);
  dims.forEach((n, i) => {
    view.setUint32(4 + 4 * i, n);
  });
  out.set(data, 4 + 4 * dims.length);
  return out;
}

export function imageSet(count: number, side: number, channels: number, classes: number, seed = 1): ImageSet {
  const rng = Rng.fromSeed(seed, "image set");
  const images = Uint8Array.from({ length: count * side * side * channels }, () => rng.nextUint32() & 255);
  return { images, labels: Uint8Array.from({ length: count }, (_, i) => i % classes), count, height: side, width: side, channels };
}

export function dataset(train: ImageSet, test: ImageSet, classes: number): LoadedDataset {
  return {
    id: "folder",
    name: "made up",
    train,
    test,
    classNames: Array.from({ length: classes }, (_, i) => `c${String(i)}`),
    mean: [0.5],
    std: [0.25],
    fingerprint: "00",
    attribution: { source: "", url: "", licence: "", citation: "" },
    foundAt: "",
    notes: [],
  };
}
