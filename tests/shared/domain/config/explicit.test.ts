import { expect, it } from "vitest";
import { explicit } from "../../../../src-shared/domain/config/migrate-config.ts";
import { RUN_KINDS, type RunConfigInput, type RunKind, runConfigSchema } from "../../../../src-shared/domain/config/run-config.ts";

/** What a config of each kind needs besides its kind. */
const REQUIRED: Partial<Record<RunKind, object>> = {
  search: { ghnRunId: "g" },
  "anytime-search": { ghnRunId: "g" },
  "cell-training": { source: { from: "training", runId: "r", best: 1 } },
  "anytime-training": { source: { from: "search", runId: "s", top: 1, random: 1 } },
  study: { variants: [{ name: "a" }, { name: "b" }] },
};

/** Number of places with training settings in a config of each kind. */
const PLACES: Readonly<Record<RunKind, number>> = {
  "ghn-training": 1,
  search: 0,
  "cell-training": 1,
  pipeline: 3,
  prediction: 1,
  study: 4,
  anytime: 2,
  "anytime-ghn": 1,
  "anytime-search": 0,
  "anytime-training": 1,
};

const json = (config: unknown): string => JSON.stringify(config);
const valuesIn = (config: unknown): string[] => [...json(config).matchAll(/"shortBatch":"(\w+)"/g)].map((match) => match[1] ?? "");

it.each(RUN_KINDS)("a config of kind %s from before shortBatch existed repeats with the short batch, everywhere", (kind) => {
  const config = runConfigSchema.parse({ kind, ...REQUIRED[kind] } as RunConfigInput);
  expect(valuesIn(config)).toEqual(Array.from({ length: PLACES[kind] }, () => "drop"));
  const older: unknown = JSON.parse(json(config).replaceAll(/,?"shortBatch":"drop"/g, ""));
  const before = json(older);
  const repeated = runConfigSchema.parse(explicit(older));
  expect(valuesIn(repeated)).toEqual(Array.from({ length: PLACES[kind] }, () => "keep"));
  // Nothing else changes, and the stored config stays as it is.
  expect(json(repeated).replaceAll('"keep"', '"drop"')).toBe(json(config));
  expect(json(older)).toBe(before);
  // A choice that was made stays.
  expect(explicit(config)).toEqual(config);
});

it.each([null, undefined, "text", [], {}, { training: 3, predictors: null, variants: [1, { training: null }] }])("leaves %j as it is", (value) => {
  expect(explicit(value)).toEqual(value);
});
