import { type ComputedRef, computed, shallowRef, watch } from "vue";
import type { CallInput } from "../../../../src-shared/contract.ts";
import type { Preset, RunEstimate } from "../../../../src-shared/domain/records/drafts.ts";
import { call } from "../../../bridge/studio.ts";
import type { DraftState } from "../draft/use-draft.ts";
import { type EstimatedPreset, isReasonable, judge, nearestFitting } from "./judgement.ts";

/** The nearest preset that fits this computer, while the draft does not; null otherwise. Presets are estimated once, when first needed. */
export function useFittingPreset(draft: DraftState, presets: () => readonly Preset[], memoryBytes: () => number | null): ComputedRef<EstimatedPreset | null> {
  const known = shallowRef<ReadonlyMap<string, RunEstimate | null>>(new Map());
  const kind = computed(() => draft.config.value.kind);
  const unreasonable = computed(() => draft.estimate.value !== null && !isReasonable(judge(draft.estimate.value, memoryBytes())));

  async function estimateOf({ config }: Preset): Promise<RunEstimate | null> {
    try {
      return (await call("draft.check", { config: config as unknown as CallInput<"draft.check">["config"] })).estimate;
    } catch {
      // Without an estimate the preset is not offered.
      return null;
    }
  }

  watch(
    [unreasonable, kind],
    async () => {
      if (!unreasonable.value) return;
      for (const preset of presets().filter(({ id, config }) => config.kind === kind.value && !known.value.has(id)))
        known.value = new Map(known.value).set(preset.id, await estimateOf(preset));
    },
    { immediate: true },
  );

  return computed(() => {
    if (!unreasonable.value) return null;
    const estimated = presets().flatMap((preset): EstimatedPreset[] => {
      const estimate = known.value.get(preset.id) ?? null;
      return estimate === null ? [] : [{ preset, estimate }];
    });
    return nearestFitting(estimated, { kind: kind.value, dataset: draft.valueOf("dataset.id") }, memoryBytes());
  });
}
