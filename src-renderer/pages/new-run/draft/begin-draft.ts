import type { LocationQuery } from "vue-router";
import { kindOf } from "../../../../src-shared/domain/config/check-config.ts";
import { isAnytime, RUN_KINDS } from "../../../../src-shared/domain/config/run-config.ts";
import type { Preset } from "../../../../src-shared/domain/records/drafts.ts";
import { call } from "../../../bridge/studio.ts";
import type { DraftState, Origin } from "./use-draft.ts";

const text = (value: LocationQuery[string] | undefined): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

async function originOf(runId: string): Promise<Origin> {
  const { id, name, config } = await call("runs.get", { runId });
  return { runId: id, name, config };
}

/**
 * Fills the form from the URL query: `clone=<run>`, `preset=<id>`, `ghn=<run>` (search with its GHN) or
 * `source=<run>` (train cells of that search); else restores the saved draft, else applies the first preset.
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
    await follow(draft, ghn ?? source ?? "", ghn === undefined ? "source" : "ghnRunId");
    return;
  }
  const saved = await call("draft.get", {});
  if (saved !== null && kindOf(saved.config) !== undefined) {
    const origin = saved.clonedFrom === null ? null : await originOf(saved.clonedFrom).catch(() => null);
    draft.name.value = saved.name;
    draft.tags.value = saved.tags ?? [];
    draft.replace(saved.config, origin);
    draft.savedAt.value = saved.savedAt;
  } else if (presets[0] !== undefined) draft.replace(presets[0].config);
  if (kind !== undefined) draft.setKind(kind);
}

/** The next step after a run, with the same dataset, network and space: a search with its GHN, or training of its cells. */
async function follow(draft: DraftState, runId: string, field: "ghnRunId" | "source"): Promise<void> {
  const run = await call("runs.get", { runId });
  const anytime = isAnytime(run.config);
  draft.replace(run.config);
  draft.setKind(field === "ghnRunId" ? (anytime ? "anytime-search" : "search") : anytime ? "anytime-training" : "cell-training");
  if (field === "ghnRunId") draft.set(field, runId);
  else if (anytime) draft.set(field, { from: "search", runId, top: 1, random: 1 });
  else draft.set(field, run.kind === "cell-training" ? { from: "training", runId, best: 1 } : { from: "search", runId, top: 10, random: 10 });
  draft.name.value = "";
}
