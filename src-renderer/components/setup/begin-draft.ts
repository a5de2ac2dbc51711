import type { LocationQuery } from "vue-router";
import type { Preset } from "../../../src-shared/contract.ts";
import { kindOf } from "../../../src-shared/domain/check-config.ts";
import { RUN_KINDS } from "../../../src-shared/domain/run-config.ts";
import { call } from "../../bridge/studio.ts";
import type { DraftState, Origin } from "./use-draft.ts";

const text = (value: LocationQuery[string] | undefined): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

async function originOf(runId: string): Promise<Origin> {
  const { id, name, config } = await call("runs.get", { runId });
  return { runId: id, name, config };
}

/**
 * Fills the form as its address asks: `clone=run`, `preset=id`, `ghn=run` (a search with its GHN),
 * `source=run` (train cells of that search); else the draft left behind, else the first preset.
 */
export async function beginDraft(draft: DraftState, query: LocationQuery, presets: readonly Preset[]): Promise<void> {
  const clone = text(query["clone"]);
  const ghn = text(query["ghn"]);
  const source = text(query["source"]);
  const preset = presets.find((entry) => entry.id === text(query["preset"]));
  const kind = RUN_KINDS.find((entry) => entry === query["kind"]);
  if (clone !== undefined) {
    const origin = await originOf(clone);
    draft.name.value = `Copy of ${origin.name}`.slice(0, 200);
    draft.replace(origin.config, origin);
    return;
  }
  if (preset !== undefined) {
    draft.replace(preset.config);
    return;
  }
  if (ghn !== undefined || source !== undefined) {
    await follow(draft, ghn ?? source ?? "", ghn === undefined ? "cell-training" : "search");
    return;
  }
  const saved = await call("draft.get", {});
  if (saved !== null && kindOf(saved.config) !== undefined) {
    const origin = saved.clonedFrom === null ? null : await originOf(saved.clonedFrom).catch(() => null);
    draft.name.value = saved.name;
    draft.replace(saved.config, origin);
    draft.savedAt.value = saved.savedAt;
  } else if (presets[0] !== undefined) draft.replace(presets[0].config);
  if (kind !== undefined) draft.setKind(kind);
}

/** The next step after a run: same images, same network, same space. */
async function follow(draft: DraftState, runId: string, kind: "search" | "cell-training"): Promise<void> {
  const run = await call("runs.get", { runId });
  draft.replace(run.config);
  draft.setKind(kind);
  draft.set(
    kind === "search" ? "ghnRunId" : "source",
    kind === "search"
      ? runId
      : { from: run.kind === "cell-training" ? "training" : "search", runId, ...(run.kind === "cell-training" ? { best: 1 } : { top: 10, random: 10 }) },
  );
  draft.name.value = "";
}
