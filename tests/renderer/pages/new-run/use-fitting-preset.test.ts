import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { effectScope, shallowRef } from "vue";
import type { EditedConfig } from "../../../../src-renderer/pages/new-run/draft/config-parts.ts";
import { useFittingPreset } from "../../../../src-renderer/pages/new-run/summary/use-fitting-preset.ts";
import { useConnection } from "../../../../src-renderer/stores/connection.ts";
import { runConfigSchema } from "../../../../src-shared/domain/config/run-config.ts";
import type { Preset, RunEstimate } from "../../../../src-shared/domain/records/drafts.ts";
import { connectFakeStudio, WireFailure } from "../../support/fake-studio.ts";

const studio = await connectFakeStudio();
const cost = (seconds: number): RunEstimate => ({ seconds, memoryBytes: 1, diskBytes: 1, stages: [], basis: "measured" });
const preset = (id: string, seed: number): Preset => ({ id, title: id, description: "", config: runConfigSchema.parse({ kind: "pipeline", seed }) });
/** The seed of a preset stands for its cost in this test. */
const presets = [preset("long", 5000), preset("short", 50)];
const secondsOf = (config: unknown): number => runConfigSchema.parse(config).seed;
let scope = effectScope();

beforeEach(() => {
  scope = effectScope();
  studio.reset({ "draft.check": ({ config }) => ({ problems: [], estimate: cost(secondsOf(config)) }) });
  useConnection().watchBridge();
});
afterEach(() => scope.stop());

const begin = (seconds: number) => {
  const estimate = shallowRef<RunEstimate | null>(cost(seconds));
  const config = shallowRef<EditedConfig>(runConfigSchema.parse({ kind: "pipeline" }) as EditedConfig);
  const fitting = scope.run(() =>
    useFittingPreset(
      { config, estimate, valueOf: () => config.value.dataset },
      () => presets,
      () => null,
    ),
  );
  if (fitting === undefined) throw new Error("The scope has ended.");
  return { estimate, fitting };
};
const TOO_LONG = 1e7;

describe("the preset that fits this computer", () => {
  it("is looked for only while the draft does not, and each preset is estimated once", async () => {
    const { estimate, fitting } = begin(60);
    expect(fitting.value).toBeNull();
    estimate.value = cost(TOO_LONG);
    await expect.poll(() => fitting.value?.preset.id).toBe("long");
    estimate.value = cost(60);
    await expect.poll(() => fitting.value).toBeNull();
    estimate.value = cost(TOO_LONG);
    await expect.poll(() => fitting.value?.preset.id).toBe("long");
    expect(studio.inputsOf("draft.check")).toHaveLength(2);
  });

  it("keeps every estimate when the draft changes while one is awaited", async () => {
    const answers: (() => void)[] = [];
    studio.handlers["draft.check"] = ({ config }) => new Promise((resolve) => answers.push(() => resolve({ problems: [], estimate: cost(secondsOf(config)) })));
    const { estimate, fitting } = begin(TOO_LONG);
    await expect.poll(() => answers.length).toBe(1);
    estimate.value = cost(60);
    await expect.poll(() => fitting.value).toBeNull();
    estimate.value = cost(TOO_LONG);
    answers[0]?.();
    await expect.poll(() => answers.length).toBe(2);
    answers[1]?.();
    await expect.poll(() => fitting.value?.preset.id).toBe("long");
    expect(answers).toHaveLength(2);
  });

  it("is estimated again after an error when the connection is back", async () => {
    let failed = 0;
    studio.handlers["draft.check"] = () => {
      failed++;
      throw new WireFailure({ code: "offline", message: "GHN Studio is not responding." });
    };
    const { fitting } = begin(TOO_LONG);
    await expect.poll(() => failed).toBe(2);
    expect(fitting.value).toBeNull();
    studio.handlers["draft.check"] = ({ config }) => ({ problems: [], estimate: cost(secondsOf(config)) });
    studio.setConnected(false);
    studio.setConnected(true);
    await expect.poll(() => fitting.value?.preset.id).toBe("long");
  });
});
