import { expect, it } from "vitest";
import { protocolKey } from "../../../src-main/store/results/protocol-key.ts";
import { cellTrainingRunSchema } from "../../../src-shared/domain/config/run-config.ts";

const SOURCE = { from: "search", runId: "x", top: 1, random: 0 };

/** A run with the default settings, or frozen before `shortBatch` existed. */
function keyOf(shortBatch: "drop" | "keep" | undefined): string {
  const config = cellTrainingRunSchema.parse({ kind: "cell-training", source: SOURCE });
  const { shortBatch: _default, ...older } = config.training;
  const training = (shortBatch === undefined ? older : { ...older, shortBatch }) as typeof config.training;
  return protocolKey({ ...config, training, datasetFingerprint: "f", canonical: "c", seed: 1 });
}

it("a training that keeps the short batch has the key of one from before there was a choice", () => {
  expect(keyOf("keep")).toBe(keyOf(undefined));
  expect(keyOf("drop")).not.toBe(keyOf(undefined));
});

function keyWith(dataset: Readonly<Record<string, unknown>>): string {
  const config = cellTrainingRunSchema.parse({
    kind: "cell-training",
    dataset: { id: "folder", path: "/photos", ...dataset },
    source: SOURCE,
  });
  return protocolKey({ ...config, datasetFingerprint: "f", canonical: "c", seed: 1 });
}

it("the key of a training covers its images, not where they are or how their folder was understood", () => {
  const key = keyWith({});
  expect(keyWith({ path: "/elsewhere" })).toBe(key);
  expect(keyWith({ layout: "classes" })).toBe(key);
  expect(keyWith({ imageSize: 64 })).not.toBe(key);
  expect(keyWith({ validationImages: 100 })).not.toBe(key);
});

it("a config without dataset.layout is frozen without it, as before the field existed", () => {
  const { dataset } = cellTrainingRunSchema.parse({
    kind: "cell-training",
    dataset: { id: "folder", path: "/photos" },
    source: SOURCE,
  });
  expect(Object.keys(dataset)).toEqual(["id", "path", "validationImages", "splitSeed"]);
});
