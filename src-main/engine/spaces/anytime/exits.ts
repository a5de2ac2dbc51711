import { areaUnderCurve } from "../../../../src-shared/analysis/curves/anytime-curve.ts";
import type { NetworkInput } from "../../../../src-shared/domain/architecture/network.ts";
import type { AreaRange, MeasuredExit } from "../../../../src-shared/domain/records/anytime-records.ts";
import type { OutputMeasure } from "../shared/output-measure.ts";
import type { AnytimePlan } from "./exit-plan.ts";

/** Range and baseline of an area: budgets up to the largest one, chance-level accuracy before the first exit. */
export function areaRange({ maxBudget }: { readonly maxBudget: number }, { classes }: NetworkInput): AreaRange {
  return { maxBudget, chance: 1 / classes };
}

/** The exits of a plan and their accuracies. */
export function measuredExits({ exits }: AnytimePlan, validation: OutputMeasure, test: OutputMeasure | null): MeasuredExit[] {
  return exits.map(({ node, multiplyAdds }, i) => ({
    node,
    multiplyAdds,
    accuracy: validation.accuracies[i] ?? 0,
    testAccuracy: test?.accuracies[i] ?? null,
  }));
}

/** Areas on validation and test images; the latter is null unless every exit has a test accuracy. */
export function areasOf(exits: readonly MeasuredExit[], { maxBudget, chance }: AreaRange): { readonly area: number; readonly testArea: number | null } {
  const range = { maxMultiplyAdds: maxBudget, chance };
  const tested = exits.flatMap(({ multiplyAdds, testAccuracy }) => (testAccuracy === null ? [] : [{ multiplyAdds, accuracy: testAccuracy }]));
  return { area: areaUnderCurve(exits, range), testArea: tested.length === exits.length ? areaUnderCurve(tested, range) : null };
}
