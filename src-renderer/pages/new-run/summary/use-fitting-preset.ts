import { type ComputedRef, computed, shallowRef, watch } from "vue";
import type { CallInput } from "../../../../src-shared/contract.ts";
import type { Preset, RunEstimate } from "../../../../src-shared/domain/records/drafts.ts";
import { call } from "../../../bridge/studio.ts";
import { oneAtATime } from "../../../lib/one-at-a-time.ts";
import { useConnection } from "../../../stores/connection.ts";
import type { DraftState } from "../draft/use-draft.ts";
import { type EstimatedPreset, isReasonable, judge, nearestFitting } from "./judgement.ts";

/** The nearest preset that fits this computer, while the draft does not; null otherwise. Presets are estimated once, when first needed. */
export function useFittingPreset(
  draft: Pick<DraftState, "config" | "estimate" | "valueOf">,
  presets: () => readonly Preset[],
  memoryBytes: () => number | null,
): ComputedRef<EstimatedPreset | null> {
  const known = shallowRef<ReadonlyMap<string, RunEstimate>>(new Map());
  const kind = computed(() => draft.config.value.kind);
  const unreasonable = computed(() => draft.estimate.value !== null && !isReasonable(judge(draft.estimate.value, memoryBytes())));

  const estimateAll = oneAtATime(async () => {
    for (const { id, config } of presets()) {
      if (!unreasonable.value || config.kind !== kind.value || known.value.has(id)) continue;
      try {
        const { estimate } = await call("draft.check", { config: config as unknown as CallInput<"draft.check">["config"] });
        if (estimate !== null) known.value = new Map(known.value).set(id, estimate);
      } catch {
        // A preset without an estimate is not offered. It is estimated again with the next change, and after reconnecting.
      }
    }
  });
  watch([unreasonable, kind, () => useConnection().generation], estimateAll, { immediate: true });

  return computed(() => {
    if (!unreasonable.value) return null;
    const estimated = presets().flatMap((preset): EstimatedPreset[] => {
      const estimate = known.value.get(preset.id);
      return estimate === undefined ? [] : [{ preset, estimate }];
    });
    return nearestFitting(estimated, { kind: kind.value, dataset: draft.valueOf("dataset.id") }, memoryBytes());
  });
}
