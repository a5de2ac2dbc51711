/** Fuzzing of safetensors files and what GHN Studio keeps in them: checkpoints, trained generators, weights with their manifest. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { damagedJson, json, text } from "../../scripts/campaign/fuzz/hostile.ts";
import { initBackend } from "../../src-main/engine/backend/index.ts";
import { readGenerator } from "../../src-main/engine/baselines/generator-file.ts";
import { createGenerator } from "../../src-main/engine/baselines/generators.ts";
import { ANYTIME_WEIGHTS_FORMAT } from "../../src-main/engine/formats/anytime-weights.ts";
import { readSafetensors, writeSafetensors } from "../../src-main/engine/formats/safetensors.ts";
import { WEIGHTS_FILE_FORMAT } from "../../src-main/engine/formats/weights-file.ts";
import { Rng } from "../../src-main/engine/random.ts";
import { cellSpace } from "../../src-main/engine/spaces/cell/space.ts";
import { readCheckpoint, writeCheckpoint } from "../../src-main/engine/training/checkpoint.ts";
import { anytimeExport } from "../../src-main/export/anytime-export.ts";
import { manifestText, readWeightsInfo } from "../../src-main/export/weights-package.ts";
import { networkConfigSchema } from "../../src-shared/domain/architecture/network.ts";
import { ghnTrainingRunSchema, searchRunSchema } from "../../src-shared/domain/config/run-config.ts";
import { exitsManifest } from "../export/support/weights.ts";
import { damaged, FUZZ_TIMEOUT, fuzzRuns } from "./support/fuzz.ts";
import { parsed } from "./support/parsing.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ghn-fuzz-tensors-"));
  await initBackend({ prefer: "wasm" });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const shape = fc.array(fc.nat(4), { maxLength: 4 });
const tensor = shape.chain((sizes) =>
  fc.float32Array({ minLength: sizes.reduce((a, b) => a * b, 1), maxLength: sizes.reduce((a, b) => a * b, 1) }).map((values) => ({ shape: sizes, values })),
);
/** Texts that UTF-8 can hold. */
const wellFormed = text.filter((value) => value.isWellFormed());
const tensors = fc.uniqueArray(
  fc.tuple(
    wellFormed.filter((key) => key !== "__metadata__" && key !== "__proto__"),
    tensor,
  ),
  { maxLength: 5, selector: ([key]) => key },
);

function file(header: string | Uint8Array, data: Uint8Array = new Uint8Array(0)): Buffer {
  const json = Buffer.from(header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.byteLength));
  return Buffer.concat([length, json, data]);
}

it("tensors come back from their file bit by bit", { timeout: FUZZ_TIMEOUT }, async () => {
  const path = join(folder, "round-trip.safetensors");
  await fc.assert(
    fc.asyncProperty(
      tensors,
      fc.dictionary(
        wellFormed.filter((key) => key !== "__proto__"),
        wellFormed,
      ),
      async (entries, metadata) => {
        await writeSafetensors(path, new Map(entries), metadata);
        const read = await readSafetensors(path);
        expect([...read.tensors].map(([key, { shape: sizes, values }]) => [key, sizes, [...new Uint8Array(values.buffer)]]).sort()).toEqual(
          entries.map(([key, { shape: sizes, values }]) => [key, sizes, [...new Uint8Array(values.buffer, values.byteOffset, values.byteLength)]]).sort(),
        );
        expect(read.metadata).toEqual({ ...metadata });
      },
    ),
    fuzzRuns(80),
  );
});

it("files of any bytes and headers of any JSON are read or refused", { timeout: FUZZ_TIMEOUT }, async () => {
  const path = join(folder, "any.safetensors");
  await writeSafetensors(
    path,
    new Map([
      ["a", { shape: [2, 3], values: new Float32Array(6) }],
      ["b", { shape: [], values: new Float32Array(1) }],
    ]),
    { format: "x" },
  );
  const valid = await readFile(path);
  const header: unknown = JSON.parse(valid.subarray(8, 8 + Number(valid.readBigUInt64LE())).toString());
  const content = fc.oneof(
    damaged(valid),
    fc.tuple(damagedJson(fc.constant(header)), fc.uint8Array({ maxLength: 60 })).map(([changed, data]) => file(JSON.stringify(changed) ?? "", data)),
  );
  await fc.assert(
    fc.asyncProperty(content, async (bytes) => {
      await writeFile(path, bytes);
      const read = await parsed(() => readSafetensors(path));
      if (read !== null)
        for (const { shape: sizes, values } of read.tensors.values()) expect(values.length).toBe(sizes.reduce((product, size) => product * size, 1));
      await parsed(() => readWeightsInfo(path));
    }),
    fuzzRuns(100),
  );
});

it.each<[string, () => Buffer]>([
  ["nested lists", () => file("[".repeat(500_000))],
  ["nested objects in the metadata", () => file(`{"__metadata__":${'{"a":'.repeat(200_000)}1${"}".repeat(200_000)}}`)],
  [
    "50,000 tensors in one place",
    () => file(`{${Array.from({ length: 50_000 }, (_, i) => `"t${i}":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}`).join(",")}}`, new Uint8Array(4)),
  ],
  [
    "a shape whose product overflows",
    () =>
      file(
        '{"a":{"dtype":"F32","shape":[4294967296,4294967296,0],"data_offsets":[0,0]},"b":{"dtype":"F32","shape":[9007199254740991,2],"data_offsets":[0,8]}}',
        new Uint8Array(8),
      ),
  ],
  ["a shape of 100,000 axes", () => file(`{"a":{"dtype":"F32","shape":[${"1,".repeat(100_000)}1],"data_offsets":[0,4]}}`, new Uint8Array(4))],
  ["offsets beyond the file", () => file('{"a":{"dtype":"F32","shape":[1000000000000],"data_offsets":[0,4000000000000]}}')],
  [
    "a name of 5 MB with control characters",
    () => file(`{"${"\\u001b[2J".repeat(500_000)}":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}`, new Uint8Array(8)),
  ],
  ["a type with control characters", () => file('{"a":{"dtype":"\\u001b[2J\\u0007","shape":[1],"data_offsets":[0,4]}}', new Uint8Array(4))],
])("a hostile header: %s", async (_, content) => {
  const path = join(folder, "hostile.safetensors");
  await writeFile(path, content());
  await parsed(() => readSafetensors(path));
  await parsed(() => readWeightsInfo(path));
});

it("checkpoints: what is accepted has a step, counts and a state", { timeout: FUZZ_TIMEOUT }, async () => {
  const path = join(folder, "checkpoint.safetensors");
  const keep = { stepOfSeries: { "0": 3 }, candidates: 1, trainings: 2 };
  const valid = { step: 3, state: { a: [1] }, keep };
  await writeCheckpoint(path, "key", { ...valid, tensors: new Map() });
  expect(await readCheckpoint(path, "key")).toEqual({ ...valid, tensors: new Map() });
  const parts = fc.record({
    step: fc.oneof(text, fc.constant("3")),
    state: fc.oneof(
      json.map((value) => JSON.stringify(value)),
      text,
    ),
    keep: fc.oneof(
      damagedJson(fc.constant(keep)).map((value) => JSON.stringify(value) ?? ""),
      text,
    ),
  });
  await fc.assert(
    fc.asyncProperty(parts, async ({ step, state, keep: kept }) => {
      await writeSafetensors(path, new Map(), {
        format: "ghn-studio-checkpoint",
        version: "1",
        key: "key",
        step: step.toWellFormed(),
        state: state.toWellFormed(),
        keep: kept.toWellFormed(),
      });
      const read = await parsed(() => readCheckpoint(path, "key"));
      if (read === null) return;
      for (const count of [read.step, read.keep.candidates, read.keep.trainings]) expect(Number.isSafeInteger(count) && count >= 0).toBe(true);
      for (const last of Object.values(read.keep.stepOfSeries)) expect(typeof last).toBe("number");
    }),
    fuzzRuns(200),
  );
});

it("trained generators: files with another manifest or other tensors are refused", { timeout: FUZZ_TIMEOUT }, async () => {
  const path = join(folder, "ghn.safetensors");
  const input = { height: 8, width: 8, channels: 1, classes: 10 };
  const network = networkConfigSchema.parse({ blocks: 1, initialChannels: 4, reductions: [] });
  const run = ghnTrainingRunSchema.parse({
    kind: "ghn-training",
    network,
    ghn: { hiddenSize: 8, messageHiddenSize: 8, decoderHiddenSize: 8, propagationSteps: 1 },
    training: { nodes: 2 },
    space: { nodes: 2 },
  });
  const asked = searchRunSchema.parse({ kind: "search", ghnRunId: "a", network, space: { nodes: 2 } });
  const manifest = cellSpace.ghn.manifest(run, input);
  const generator = createGenerator(cellSpace, { space: run.space, ...manifest }, Rng.fromSeed(1, "fuzz"));
  const weights = new Map(Object.entries(generator.exportWeights()));
  generator.dispose();
  const attempt = async (config: string, arrays: typeof weights): Promise<boolean> => {
    await writeSafetensors(path, arrays, { format: cellSpace.ghn.fileFormat, config: config.toWellFormed() });
    const read = await parsed(() => readGenerator(cellSpace, path, asked, input));
    read?.dispose();
    return read !== null;
  };
  expect(await attempt(JSON.stringify(manifest), weights)).toBe(true);
  // As large as the schema allows: refused for the tensors that are missing, not by running out of memory.
  expect(
    await attempt(JSON.stringify({ ...manifest, ghn: { ...manifest.ghn, hiddenSize: 512, messageHiddenSize: 512, decoderHiddenSize: 512 } }), weights),
  ).toBe(false);
  const changedWeights = fc.tuple(fc.constantFrom(...weights.keys()), fc.constantFrom("remove", "shape", "NaN")).map(([key, change]) => {
    const arrays = new Map(weights);
    const old = arrays.get(key);
    if (old === undefined || change === "remove") arrays.delete(key);
    else if (change === "shape") arrays.set(key, { shape: [old.values.length, 1, 1], values: old.values });
    else arrays.set(key, { shape: old.shape, values: old.values.map(() => Number.NaN) });
    return arrays;
  });
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(damagedJson(fc.constant(manifest as unknown)), fc.constant(manifest)),
      fc.oneof(fc.constant(weights), changedWeights),
      async (config, arrays) => {
        await attempt(JSON.stringify(config) ?? "", arrays);
      },
    ),
    fuzzRuns(40),
  );
});

it("weights with any manifest are described or refused", { timeout: FUZZ_TIMEOUT }, async () => {
  const path = join(folder, "weights.safetensors");
  const manifest = {
    version: 1,
    name: "A",
    architecture: { normal: { nodes: [{ operation: "sepConv3x3", inputs: [0] }] } },
    network: networkConfigSchema.parse({}),
    input: { height: 8, width: 8, channels: 1, classes: 10 },
    normalisation: { mean: [0.5], std: [0.2] },
    classNames: ["a", "b"],
    dataset: { id: "digits", fingerprint: "x" },
    batchNormEpsilon: 0.001,
    parameters: 1,
    multiplyAdds: 2,
    validationAccuracy: 0.5,
    testAccuracy: null,
    seed: 1,
  };
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.constant(manifest as unknown), damagedJson(fc.constant(manifest))), async (given) => {
      await writeSafetensors(path, new Map(), { format: WEIGHTS_FILE_FORMAT, manifest: (JSON.stringify(given) ?? "").toWellFormed() });
      const info = await parsed(() => readWeightsInfo(path));
      if (info === null) return;
      accepted++;
      JSON.parse(manifestText(info, "w.safetensors", { sha256: "0", bytes: 1 }, {}, { validationImages: 10, trainImages: null, splitSeed: 0, test: "all" }));
    }),
    fuzzRuns(80),
  );
  expect(accepted).toBeGreaterThan(10);
});

it("weights of networks with several exits, with any manifest, are described or refused", { timeout: FUZZ_TIMEOUT }, async () => {
  const path = join(folder, "exits.safetensors");
  const split = { validationImages: 10, trainImages: null, splitSeed: 0, test: "all" };
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.constant(exitsManifest as unknown), damagedJson(fc.constant(exitsManifest))), async (given) => {
      await writeSafetensors(path, new Map(), { format: ANYTIME_WEIGHTS_FORMAT, manifest: (JSON.stringify(given) ?? "").toWellFormed() });
      const text = await parsed(() => anytimeExport.manifest(path, "w.safetensors", { sha256: "0", bytes: 1 }, {}, split));
      if (text === null) return;
      accepted++;
      JSON.parse(text);
    }),
    fuzzRuns(80),
  );
  expect(accepted).toBeGreaterThan(10);
});
