/** The draft of the run form: filled from the URL, checked and saved automatically, compared with the cloned run. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type EffectScope, effectScope } from "vue";
import { beginDraft } from "../../../../src-renderer/pages/new-run/draft/begin-draft.ts";
import { tagsIn } from "../../../../src-renderer/pages/new-run/draft/tags.ts";
import { type DraftState, useDraft } from "../../../../src-renderer/pages/new-run/draft/use-draft.ts";
import { runConfigSchema } from "../../../../src-shared/domain/config/run-config.ts";
import type { Draft, DraftCheck, Preset, RunEstimate } from "../../../../src-shared/domain/records/drafts.ts";
import type { RunDetail } from "../../../../src-shared/domain/records/run.ts";
import { config, detail } from "../../dev/data.ts";
import { connectFakeStudio, WireFailure } from "../../support/fake-studio.ts";

const studio = await connectFakeStudio();
const ESTIMATE: RunEstimate = { seconds: 60, memoryBytes: 1e9, diskBytes: 1e6, stages: [], basis: "measured" };
const presets: readonly Preset[] = [
  { id: "demo", title: "Demo", description: "", config: runConfigSchema.parse({ kind: "pipeline", seed: 7 }) },
  { id: "ghn", title: "GHN", description: "", config: config("ghn-training", { seed: 8, dataset: { id: "cifar10" } }) },
];
let scope: EffectScope;
let runs: RunDetail[];
let saved: Draft | null;

beforeEach(() => {
  vi.useFakeTimers();
  scope = effectScope();
  runs = [];
  saved = null;
  studio.reset({
    "draft.get": () => saved,
    "draft.save": () => null,
    "draft.check": () => ({ problems: [], estimate: ESTIMATE }),
    "runs.get": ({ runId }) => {
      const run = runs.find((entry) => entry.id === runId);
      if (run === undefined) throw new WireFailure({ code: "not-found", message: `Run ${runId} does not exist.` });
      return run;
    },
  });
});
afterEach(() => {
  scope.stop();
  vi.useRealTimers();
});

function newDraft(): DraftState {
  const draft = scope.run(useDraft);
  if (draft === undefined) throw new Error("The scope is not active.");
  return draft;
}

async function begun(query: Record<string, string> = {}): Promise<DraftState> {
  const draft = newDraft();
  await beginDraft(draft, query, presets);
  draft.ready.value = true;
  return draft;
}

describe("a new draft", () => {
  it("starts from the first preset, or from the preset and kind in the URL", async () => {
    expect((await begun()).config.value).toMatchObject({ kind: "pipeline", seed: 7 });
    expect((await begun({ preset: "ghn" })).config.value).toMatchObject({ kind: "ghn-training", seed: 8 });
    expect((await begun({ kind: "search" })).config.value).toMatchObject({ kind: "search", seed: 7 });
  });

  it("restores the saved draft with its name, tags and the cloned run", async () => {
    runs = [detail({ id: "r1", name: "Original", config: config("ghn-training", { seed: 3 }) })];
    saved = { config: config("ghn-training", { seed: 4 }), name: "Mine", tags: ["a", "b"], clonedFrom: "r1", savedAt: "2026-03-01T09:00:00Z" };
    const draft = await begun();
    expect([draft.name.value, draft.tags.value, draft.savedAt.value]).toEqual(["Mine", ["a", "b"], saved.savedAt]);
    expect(draft.origin.value?.name).toBe("Original");
    expect([...draft.changes.value]).toEqual([["seed", 3]]);
  });

  it("restores a draft of an earlier version without tags, and one whose cloned run is gone", async () => {
    saved = { config: config("search"), name: "Mine", clonedFrom: "gone", savedAt: "2026-03-01T09:00:00Z" };
    const draft = await begun();
    expect([draft.config.value.kind, draft.tags.value, draft.origin.value]).toEqual(["search", [], null]);
  });

  it("ignores a saved draft that is not a config", async () => {
    saved = { config: { kind: "unknown" }, name: "Broken", clonedFrom: null, savedAt: "2026-03-01T09:00:00Z" };
    expect((await begun()).config.value).toMatchObject({ kind: "pipeline", seed: 7 });
  });

  it("clones a run and tracks changes against it", async () => {
    runs = [detail({ id: "r1", name: "Original", config: config("ghn-training", { seed: 3 }) })];
    const draft = await begun({ clone: "r1" });
    expect([draft.name.value, draft.changes.value.size]).toEqual(["Copy of Original", 0]);
    draft.set("training.epochs", 2);
    draft.set("seed", 5);
    expect([...draft.changes.value.keys()].sort()).toEqual(["seed", "training.epochs"]);
    draft.set("seed", 3);
    expect([...draft.changes.value.keys()]).toEqual(["training.epochs"]);
    draft.setKind("search");
    expect([draft.origin.value, draft.changes.value.size]).toEqual([null, 0]);
  });

  it("continues a GHN with a search, a search with its cells, and a training with its best cell", async () => {
    runs = [
      detail({ id: "g", name: "GHN", config: config("ghn-training", { network: { blocks: 5 } }) }),
      detail({ id: "s", name: "Search", config: config("search") }),
      detail({ id: "t", name: "Training", config: config("cell-training") }),
      detail({ id: "as", name: "Anytime search", config: runConfigSchema.parse({ kind: "anytime-search", ghnRunId: "g" }) }),
    ];
    const search = await begun({ ghn: "g" });
    expect(search.config.value).toMatchObject({ kind: "search", ghnRunId: "g", network: { blocks: 5 } });
    expect((await begun({ source: "s" })).valueOf("source")).toEqual({ from: "search", runId: "s", top: 10, random: 10 });
    expect((await begun({ source: "t" })).valueOf("source")).toEqual({ from: "training", runId: "t", best: 1 });
    expect((await begun({ source: "as" })).config.value).toMatchObject({ kind: "anytime-training", source: { runId: "as", top: 1, random: 1 } });
  });

  it("reports a run that cannot be cloned", async () => {
    await expect(begun({ clone: "missing" })).rejects.toThrow("Run missing does not exist.");
  });
});

describe("saving", () => {
  it("waits for the form to be filled, then saves after a pause, several changes at once", async () => {
    const draft = newDraft();
    draft.set("seed", 1);
    await vi.advanceTimersByTimeAsync(5000);
    expect(studio.inputsOf("draft.save")).toEqual([]);
    draft.ready.value = true;
    draft.set("seed", 2);
    draft.name.value = "Mine";
    await vi.advanceTimersByTimeAsync(499);
    draft.tags.value = ["a"];
    await vi.advanceTimersByTimeAsync(500);
    expect(studio.inputsOf("draft.save")).toMatchObject([{ config: { seed: 2 }, name: "Mine", tags: ["a"], clonedFrom: null }]);
    expect(draft.savedAt.value).not.toBeNull();
  });

  it("saves during continuous typing, and what is left when the page is closed", async () => {
    const draft = await begun();
    for (let seed = 1; seed <= 10; seed++) {
      draft.set("seed", seed);
      await vi.advanceTimersByTimeAsync(300);
    }
    expect(studio.inputsOf("draft.save").length).toBeGreaterThan(0);
    draft.set("seed", 99);
    await vi.advanceTimersByTimeAsync(0);
    scope.stop();
    expect(studio.inputsOf("draft.save").at(-1)).toMatchObject({ config: { seed: 99 } });
  });

  it("does not save again when nothing changed", async () => {
    const draft = await begun();
    draft.set("seed", 12);
    await vi.advanceTimersByTimeAsync(3000);
    const count = studio.inputsOf("draft.save").length;
    scope.stop();
    expect(studio.inputsOf("draft.save")).toHaveLength(count);
  });

  it("keeps the error until a save succeeds", async () => {
    const draft = await begun();
    studio.handlers["draft.save"] = () => {
      throw new WireFailure({ code: "disk", message: "The disk is full." });
    };
    draft.set("seed", 2);
    await vi.advanceTimersByTimeAsync(600);
    expect(draft.saveError.value).toMatchObject({ message: "The disk is full." });
    studio.handlers["draft.save"] = () => null;
    draft.set("seed", 3);
    await vi.advanceTimersByTimeAsync(600);
    expect(draft.saveError.value).toBeNull();
  });
});

describe("checking", () => {
  it("finds problems of the schema at once, without the main process", async () => {
    const draft = await begun({ preset: "ghn" });
    draft.set("training.batchSize", -1);
    expect(draft.problems.value.map((problem) => problem.path)).toContain("training.batchSize");
    expect(studio.inputsOf("draft.check")).toEqual([]);
  });

  it("adds problems of the main process, only for the config that it checked", async () => {
    const problem = { path: "dataset.path", message: "The folder has no images." };
    studio.handlers["draft.check"] = () => ({ problems: [problem], estimate: null });
    const draft = await begun({ preset: "ghn" });
    await vi.advanceTimersByTimeAsync(400);
    expect(draft.problems.value).toEqual([problem]);
    draft.set("seed", 9);
    expect(draft.problems.value).toEqual([]);
    await vi.advanceTimersByTimeAsync(400);
    expect(draft.problems.value).toEqual([problem]);
  });

  it("names a missing choice instead of the schema error", async () => {
    const draft = await begun({ kind: "search" });
    expect(draft.problems.value).toContainEqual(expect.objectContaining({ path: "ghnRunId", message: "Select the run whose GHN generates the weights." }));
  });

  it("keeps the last estimate while typing, and runs one check at a time", async () => {
    const pending: ((answer: DraftCheck) => void)[] = [];
    studio.handlers["draft.check"] = () => new Promise((resolve) => pending.push(resolve));
    const draft = await begun({ preset: "ghn" });
    await vi.advanceTimersByTimeAsync(400);
    draft.set("seed", 2);
    await vi.advanceTimersByTimeAsync(400);
    draft.set("seed", 3);
    await vi.advanceTimersByTimeAsync(400);
    expect(pending).toHaveLength(1);
    pending[0]?.({ problems: [], estimate: ESTIMATE });
    await vi.advanceTimersByTimeAsync(0);
    expect([draft.estimate.value?.seconds, draft.checking.value]).toEqual([60, true]);
    expect(studio.inputsOf("draft.check")).toMatchObject([{ config: { seed: 8 } }, { config: { seed: 3 } }]);
    pending[1]?.({ problems: [], estimate: { ...ESTIMATE, seconds: 90 } });
    await vi.advanceTimersByTimeAsync(0);
    expect([draft.estimate.value?.seconds, draft.checking.value]).toEqual([90, false]);
  });

  it("reports a failed check and recovers", async () => {
    studio.handlers["draft.check"] = () => {
      throw new WireFailure({ code: "failed", message: "No device." });
    };
    const draft = await begun();
    await vi.advanceTimersByTimeAsync(400);
    expect(draft.checkError.value).toMatchObject({ message: "No device." });
    studio.handlers["draft.check"] = () => ({ problems: [], estimate: ESTIMATE });
    await draft.check();
    expect(draft.checkError.value).toBeNull();
  });
});

describe("names and tags", () => {
  it("derive a default name from kind, dataset and size", async () => {
    const draft = await begun({ preset: "ghn" });
    draft.set("space.nodes", 5);
    draft.set("dataset.id", "digits");
    expect(draft.defaultName.value).toBe("GHN training, Digits, N = 5");
  });

  it("split tags at commas, without blanks and duplicates", () => {
    expect(tagsIn(" a, b,,a ,  c d ")).toEqual(["a", "b", "c d"]);
    expect(tagsIn("")).toEqual([]);
    expect(tagsIn("x".repeat(300))[0]).toHaveLength(100);
  });
});
