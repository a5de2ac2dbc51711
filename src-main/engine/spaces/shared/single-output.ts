/** Scores and results of spaces whose networks have one output, based on its accuracy. */
import type { MetricName } from "../../../../src-shared/domain/metrics.ts";
import type { BuiltPlan } from "../../network/program.ts";
import { addMoments } from "./moments.ts";
import type { OutputMeasure, TopFive } from "./output-measure.ts";
import type { Scoring } from "./search-space.ts";
import type { CandidateFields, SpaceTypes, SummaryFacts, TrainingFields } from "./space-types.ts";
import type { TrainingDescription } from "./training-description.ts";

/** The score of a network is its accuracy. */
export const ACCURACY_SCORING = {
  note: null,
  facts: {},
  score: (_plan: BuiltPlan, measure: OutputMeasure): number => accuracyOf(measure),
  candidate: <Candidate extends CandidateFields>(fields: Candidate): Candidate => fields,
} satisfies Scoring;

/** A training with the accuracies of its single output. */
export interface AccuracyRecord extends TrainingFields {
  readonly validationAccuracy: number;
  /** Null if test images are not measured. */
  readonly testAccuracy: number | null;
}

/** The common part of training from scratch in all spaces whose networks have one output. */
export const ACCURACY_TRAINING: Pick<TrainingDescription<SpaceTypes & { readonly training: AccuracyRecord }>, "note" | "metrics" | "words" | "facts"> = {
  note: () => null,
  metrics: (_run, _plan, measure) => accuracyMetrics(measure),
  words: (_record, trained) => accuracyWords(trained),
  facts: (_run, trainings, topFive) => accuracyFacts(trainings, topFive),
};

function accuracyOf(measure: OutputMeasure): number {
  return measure.accuracies.at(-1) ?? Number.NaN;
}

export function accuraciesOf({ validation, test }: { readonly validation: OutputMeasure; readonly test: OutputMeasure | null }): {
  readonly validationAccuracy: number;
  readonly testAccuracy: number | null;
} {
  return { validationAccuracy: accuracyOf(validation), testAccuracy: test === null ? null : accuracyOf(test) };
}

function accuracyMetrics(measure: OutputMeasure): (readonly [MetricName, number])[] {
  return [
    ["train/validation-accuracy", accuracyOf(measure)],
    ...(measure.topFive === null ? [] : [["train/validation-top5", measure.topFive] as const]),
    ["train/validation-loss", measure.losses.at(-1) ?? Number.NaN],
  ];
}

/** "validation 73.00 % (top 5: 91.30 %), test 72.10 % (top 5: 90.00 %)". */
function accuracyWords({ validation, test }: { readonly validation: OutputMeasure; readonly test: OutputMeasure | null }): string {
  const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
  const words = (measure: OutputMeasure): string =>
    measure.topFive === null ? percent(accuracyOf(measure)) : `${percent(accuracyOf(measure))} (top 5: ${percent(measure.topFive)})`;
  return `validation ${words(validation)}${test === null ? "" : `, test ${words(test)}`}`;
}

/** The best training, and means and deviations of accuracies by role. */
function accuracyFacts(trainings: readonly AccuracyRecord[], topFive: readonly TopFive[]): SummaryFacts {
  const facts: SummaryFacts = { trainings: trainings.length };
  const best = [...trainings].sort((a, b) => b.validationAccuracy - a.validationAccuracy)[0];
  if (best !== undefined) {
    facts.best = best.name;
    facts.bestValidationAccuracy = best.validationAccuracy;
    facts.bestTestAccuracy = best.testAccuracy;
    facts.bestParameters = best.parameters;
    facts.bestMultiplyAdds = best.multiplyAdds;
  }
  const tested = (group: readonly AccuracyRecord[]): number[] => group.flatMap(({ testAccuracy }) => testAccuracy ?? []);
  for (const role of ["shortlist", "random"] as const) {
    const group = trainings.filter((training) => training.role === role);
    if (group.length === 0) continue;
    facts[`${role}Trainings`] = group.length;
    addMoments(
      facts,
      `${role}ValidationAccuracy`,
      group.map(({ validationAccuracy }) => validationAccuracy),
    );
    addMoments(facts, `${role}TestAccuracy`, tested(group));
  }
  addMoments(facts, "testAccuracy", tested(trainings));
  for (const part of ["validation", "test"] as const)
    addMoments(
      facts,
      `${part}Top5Accuracy`,
      topFive.flatMap((one) => one[part] ?? []),
    );
  return facts;
}
