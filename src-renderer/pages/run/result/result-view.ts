import { FIGURE_IDS, FIGURES, type FigureId, figureText } from "../../../../src-shared/analysis/figures/figure-list.ts";
import { meansByCell } from "../../../../src-shared/analysis/figures/trained-cells.ts";
import { compareGroups, type GroupDifference } from "../../../../src-shared/analysis/statistics/group-difference.ts";
import type { Architecture } from "../../../../src-shared/domain/architecture/network.ts";
import { usableTrainings } from "../../../../src-shared/domain/records/divergence.ts";
import type { Figures } from "../../../../src-shared/domain/records/figures.ts";
import type { RunDetail, Training } from "../../../../src-shared/domain/records/run.ts";
import { isActive } from "../../../features/runs/run-actions.ts";
import { hasStages, stageTitle } from "../../../features/runs/stages.ts";
import { coefficient, duration, NO_VALUE } from "../../../lib/format.ts";
import type { Tile } from "../overview/overview-tiles.ts";

/** Whether the overview is the result: of a run with stages that has ended and found something. While it runs, its current stage is shown. */
export function showsResult(run: RunDetail): boolean {
  return hasStages(run.kind) && !isActive(run) && Object.keys(run.figures).length > 0;
}

/** Shown as tiles; the winner has a card of its own. */
const TILES: readonly FigureId[] = FIGURE_IDS.filter((id) => id !== "winner");

export function resultTiles({ figures, activeSeconds }: Pick<RunDetail, "figures" | "activeSeconds">): Tile[] {
  const tiles = TILES.flatMap((id): Tile[] => {
    const value = figureText(figures, id);
    return value === null ? [] : [{ id, label: FIGURES[id].title, value, note: noteOf(figures, id), hint: FIGURES[id].hint }];
  });
  return [...tiles, { id: "time", label: "Time", value: activeSeconds > 0 ? duration(activeSeconds) : NO_VALUE, note: "all stages", hint: "Process time" }];
}

/** What a figure is measured over. */
function noteOf(figures: Figures, id: FigureId): string {
  if (id === "rankCorrelation") {
    const { interval, n } = figures.rankCorrelation ?? {};
    return `${interval ? `${coefficient(interval[0])} to ${coefficient(interval[1])}, ` : ""}n = ${n ?? 0}`;
  }
  const figure = figures[id];
  if (typeof figure !== "object" || !("mean" in figure)) return id === "parameters" || id === "multiplyAdds" ? "of the winner" : "";
  const over = id === "shortlistAccuracy" || id === "randomAccuracy" ? "cell" : id === "randomArea" ? "network" : "training";
  return `${figure.n} ${over}${figure.n === 1 ? "" : "s"}`;
}

/** The winner's architecture, from the training that its figures describe; null for early-exit networks. */
export function winnerOf({ figures }: RunDetail, trainings: readonly Training[]): { readonly name: string; readonly architecture: Architecture } | null {
  return usableTrainings(trainings).find(({ runId, name }) => runId === figures.winnerRunId && name === figures.winner) ?? null;
}

/** The trainings of the shortlist and the random cells of a pipeline that did not diverge. */
export function comparedTrainings({ children }: RunDetail, trainings: readonly Training[]): Training[] {
  const stage = children.find((child) => child.stage === "compare")?.id;
  return usableTrainings(trainings).filter(({ runId }) => runId === stage);
}

/** The shortlist compared with the random cells of the same stage; null with fewer than two cells in a group. */
export function shortlistDifference(run: RunDetail, trainings: readonly Training[]): GroupDifference | null {
  const cells = meansByCell(comparedTrainings(run, trainings));
  const of = (role: Training["role"]): number[] => cells.filter(({ first }) => first.role === role).map(({ mean }) => mean);
  return compareGroups(of("shortlist"), of("random"));
}

/** The difference in a sentence. Nothing is called better while the interval includes zero. */
export function differenceWords({ difference, interval: [low, high], p }: GroupDifference): string {
  const points = (share: number): string => `${share < 0 ? "−" : "+"}${Math.abs(100 * share).toFixed(2)}`;
  const verdict = low > 0 ? "better than" : high < 0 ? "worse than" : "not distinguishable from";
  return `The shortlist is ${verdict} random cells after the same training: ${points(difference)} points, 95 % interval ${points(low)} to ${points(high)}, p = ${p.toFixed(3)}.`;
}

/** Stages that did not complete, by title: results without them are partial. */
export function missingStages({ children }: RunDetail): string[] {
  return children.filter(({ status }) => status !== "completed").map(stageTitle);
}
