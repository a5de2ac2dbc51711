import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { checkpointKey } from "../../../src-main/engine/training/checkpoint.ts";
import { migrateConfig } from "../../../src-shared/domain/config/migrate-config.ts";
import { type RunConfig, runConfigSchema } from "../../../src-shared/domain/config/run-config.ts";

const config = (ghn: object): RunConfig => runConfigSchema.parse({ kind: "ghn-training", ghn });

/** A config and its key as version 0.1.0 wrote them. */
function old(shareParameters: boolean): { readonly config: object; readonly key: string } {
  const { ghn, ...rest } = runConfigSchema.parse({ kind: "ghn-training" }) as Extract<RunConfig, { kind: "ghn-training" }>;
  const { generator, hiddenSize, messageHiddenSize, decoderHiddenSize, propagation, propagationSteps, passEmbedding, fanInNormalisation } = ghn;
  const sizes = { generator, hiddenSize, messageHiddenSize, decoderHiddenSize, propagation, propagationSteps };
  // The order of keys is part of the key of a checkpoint; `ghn` came after the space.
  const entries = Object.entries(rest).flatMap(([key, value]): [string, unknown][] =>
    key === "space"
      ? [
          [key, value],
          ["ghn", { ...sizes, shareParameters, passEmbedding, fanInNormalisation }],
        ]
      : [[key, value]],
  );
  const written = Object.fromEntries(entries);
  const { compute: _compute, checkpointEvery: _every, ...hashed } = written;
  return { config: written, key: createHash("sha256").update(JSON.stringify(hashed)).update("images").digest("hex") };
}

it.each([true, false])("a checkpoint of version 0.1.0 with shareParameters %s fits its config, which is read with the new fields", (shareParameters) => {
  const { config: written, key } = old(shareParameters);
  const migrated = migrateConfig(written) as RunConfig;
  expect(migrated).toEqual(config({ sharing: shareParameters ? "all" : "gnn" }));
  expect(checkpointKey(migrated, "images")).toBe(key);
});

it("settings that version 0.1.0 did not have give other keys", () => {
  const keys = [{}, { sharing: "gnn" }, { sharing: "none" }, { scaleFeature: false }, { sharing: "none", scaleFeature: false }].map((ghn) =>
    checkpointKey(config(ghn), "images"),
  );
  expect(new Set(keys).size).toBe(keys.length);
});
