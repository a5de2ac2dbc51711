import { expect, it } from "vitest";
import { backendChoice } from "../../../src-main/engine/backend/backend-choice.ts";
import { runConfigSchema } from "../../../src-shared/domain/config/run-config.ts";

it("passes the compute settings of a run on to the backend", () => {
  const compute = (settings: object): ReturnType<typeof backendChoice> =>
    backendChoice(runConfigSchema.parse({ kind: "ghn-training", compute: settings }).compute);
  expect(compute({})).toEqual({ prefer: "auto" });
  expect(compute({ backend: "tensorflow", threads: 2, deterministic: true })).toEqual({ prefer: "tensorflow", threads: 2, deterministic: true });
  // A config that was frozen before the setting existed.
  expect(backendChoice({ backend: "wasm", threads: 0 } as Parameters<typeof backendChoice>[0])).toEqual({ prefer: "wasm" });
});
