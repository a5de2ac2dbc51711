/** Names of the predictors of a study, as in its report. Pure. */
import type { StudyRun } from "./study-config.ts";

/** Zero-cost proxies, with counts. */
const PROXY_NAMES = ["parameters", "multiply-adds", "gradient norm", "synflow", "jacobian covariance", "NWOT", "SWAP", "SWAP, regularised"] as const;

/** Name of the row that ranks by the loss with the weights of a generator. */
export function lossName(variant: string): string {
  return `${variant}, by loss`;
}

/** The predictors that a rank average may use: generators by accuracy and by loss, proxies, short trainings. */
export function predictorNames({ variants, predictors }: Pick<StudyRun, "variants" | "predictors">): string[] {
  const proxies = predictors.proxies ? PROXY_NAMES : PROXY_NAMES.slice(0, 2);
  return [...variants.flatMap(({ name }) => [name, lossName(name)]), ...proxies, ...predictors.sgdSteps.map((steps) => `SGD ${steps}`)];
}

/** The predictors of the field `rankAverage`, e.g. `GHN + SWAP`; empty if it is empty. */
export function rankAverageOf(text: string): string[] {
  return text
    .split(/\s+\+\s+/)
    .map((name) => name.trim())
    .filter((name) => name !== "");
}
