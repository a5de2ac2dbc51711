import { FIGURES, type FigureId, figureText } from "../../../../src-shared/analysis/figures/figure-list.ts";
import { trainingsOfBest } from "../../../../src-shared/analysis/figures/trained-cells.ts";
import type { MetricName } from "../../../../src-shared/domain/metrics.ts";
import { usableTrainings } from "../../../../src-shared/domain/records/divergence.ts";
import type { Candidate, RunDetail, RunProgress, Training } from "../../../../src-shared/domain/records/run.ts";
import { count, duration, metricValue, NO_VALUE, percent, significant, whole } from "../../../lib/format.ts";

export interface Tile {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly note?: string;
  readonly hint?: string;
}

/** Curves shown in the overview, by kind of run; all others are in the Curves tab. */
export const OVERVIEW_CURVES: Readonly<Record<RunDetail["kind"], readonly MetricName[]>> = {
  "ghn-training": ["ghn/loss", "ghn/validation-accuracy", "learning-rate", "images-per-second"],
  search: ["search/best", "search/score", "images-per-second"],
  "cell-training": ["train/loss", "train/validation-accuracy", "learning-rate", "images-per-second"],
  pipeline: [],
  prediction: [],
  study: [],
  anytime: [],
  "anytime-ghn": ["ghn/loss", "ghn/validation-accuracy", "learning-rate", "images-per-second"],
  "anytime-search": ["search/best", "search/score", "images-per-second"],
  "anytime-training": ["train/loss", "anytime/area", "learning-rate", "images-per-second"],
};

export type LastValue = (name: MetricName) => number | null;

/** Key figures. Values come from the live curves, else from the stored metrics of the run. */
export function overviewTiles(
  run: RunDetail,
  progress: RunProgress | null,
  last: LastValue,
  trainings: readonly Training[],
  bestCandidate: Pick<Candidate, "name" | "score"> | null = null,
): Tile[] {
  const best = (name: MetricName): string => metricValue(name, run.metrics[name]?.best);
  const figure = (id: FigureId): string => figureText(run.figures, id) ?? NO_VALUE;
  const bestAt = (name: MetricName): string => (run.metrics[name] === undefined ? "" : `at step ${whole(run.metrics[name]?.bestStep)}`);
  const speed: Tile = { id: "speed", label: "Images/s", value: significant(progress?.imagesPerSecond ?? last("images-per-second"), 3), note: run.device ?? "" };
  // Curves of diverged trainings are not results, and the metrics do not tell them apart.
  const divergedCount = run.metrics["train/diverged"]?.last ?? 0;
  const divergedNote = divergedCount === 0 ? "" : `${whole(divergedCount)} diverged`;
  const rate: Tile = { id: "learning-rate", label: "Learning rate", value: significant(last("learning-rate"), 3), note: "" };
  switch (run.kind) {
    case "ghn-training":
      return [
        {
          id: "loss",
          label: "GHN loss",
          value: metricValue("ghn/loss", last("ghn/loss")),
          note: run.metrics["ghn/loss"] === undefined ? "" : `lowest ${best("ghn/loss")}`,
        },
        {
          id: "best",
          label: FIGURES.ghnScore.title,
          value: figure("ghnScore"),
          note: bestAt("ghn/validation-accuracy"),
          hint: FIGURES.ghnScore.hint,
        },
        {
          id: "score",
          label: "Current score",
          value: percent(last("ghn/validation-accuracy")),
          note: `${run.config.kind === "ghn-training" ? run.config.training.validationCells : ""} unseen cells`,
          hint: "Mean validation accuracy of unseen cells with generated weights",
        },
        rate,
        speed,
      ];
    case "search":
      return [
        {
          id: "scored",
          label: "Cells scored",
          value: whole(progress?.step ?? run.metrics["search/score"]?.count),
          note: scoredNote(run, progress),
        },
        {
          id: "best",
          label: FIGURES.bestScore.title,
          value: figure("bestScore") === NO_VALUE ? percent(bestCandidate?.score) : figure("bestScore"),
          note: bestCandidate?.name ?? "",
          hint: FIGURES.bestScore.hint,
        },
        { id: "last", label: "Last cell", value: percent(last("search/score")), note: "" },
        speed,
      ];
    case "cell-training": {
      const [top] = trainingsOfBest(usableTrainings(trainings));
      return [
        { id: "trained", label: "Trainings", value: whole(trainings.length), note: divergedNote || (progress?.phase ?? "") },
        {
          id: "best",
          label: FIGURES.validationAccuracy.title,
          value: figure("validationAccuracy"),
          note: top === undefined ? divergedNote || "after the first training" : `${top.name}, ${count(top.parameters)} parameters`,
          hint: FIGURES.validationAccuracy.hint,
        },
        { id: "loss", label: "Training loss", value: metricValue("train/loss", last("train/loss")), note: "" },
        rate,
        speed,
      ];
    }
    case "anytime":
    case "pipeline":
    case "study":
      return [];
    case "anytime-ghn":
      return [
        { id: "loss", label: "GHN loss", value: metricValue("ghn/loss", last("ghn/loss")), note: "mean over exits" },
        {
          id: "best",
          label: FIGURES.ghnScore.title,
          value: figure("ghnScore"),
          note: bestAt("ghn/validation-accuracy"),
          hint: "Highest mean area under the predicted curves of unseen networks during the training of the GHN",
        },
        rate,
        speed,
      ];
    case "anytime-search":
      return [
        { id: "scored", label: "Networks scored", value: whole(progress?.step ?? run.metrics["search/score"]?.count), note: "" },
        { id: "best", label: FIGURES.bestScore.title, value: figure("bestScore"), note: "area with generated weights", hint: FIGURES.bestScore.hint },
        { id: "last", label: "Last network", value: percent(last("search/score")), note: "" },
        speed,
      ];
    case "anytime-training":
      return [
        {
          id: "trained",
          label: "Training step",
          value: progress === null ? NO_VALUE : whole(progress.step),
          note: progress === null ? "" : `of ${whole(progress.totalSteps)}`,
          hint: progress?.phase ?? "",
        },
        {
          id: "best",
          label: FIGURES.area.title,
          value: figure("area"),
          note: divergedNote || (run.figures.area === undefined ? "after the first training" : ""),
          hint: FIGURES.area.hint,
        },
        { id: "loss", label: "Exit losses", value: metricValue("train/loss", last("train/loss")), note: "", hint: "Sum of the losses of all exits" },
        rate,
        speed,
      ];
    case "prediction":
      return [
        {
          id: "scored",
          label: "Cells measured",
          value: progress === null ? NO_VALUE : `${whole(progress.step)} of ${whole(progress.totalSteps)}`,
          note: run.device ?? "",
        },
      ];
  }
}

/** How many cells a search scores in all, including the random baseline. */
function scoredNote({ config }: RunDetail, progress: RunProgress | null): string {
  if (progress !== null && progress.totalSteps > 0) return `of ${whole(progress.totalSteps)}`;
  if (config.kind !== "search") return "";
  const { samples, randomBaseline } = config.search;
  return `${whole(samples)} proposed${randomBaseline > 0 ? `, ${whole(randomBaseline)} random` : ""}`;
}

/** Value and text of the progress bar; null before the first report. Steps of a staged run are parts of its total work, so only their share is shown. */
export function progressWords(progress: RunProgress | null, staged = false): { share: number | null; words: string; left: string } | null {
  if (progress === null) return null;
  const share = progress.totalSteps > 0 ? Math.min(1, progress.step / progress.totalSteps) : null;
  const epoch = progress.epoch === undefined ? "" : ` · epoch ${significant(progress.epoch, 3)}`;
  return {
    share,
    words: staged ? progress.phase : `${progress.phase} · ${whole(progress.step)}${progress.totalSteps > 0 ? ` of ${whole(progress.totalSteps)}` : ""}${epoch}`,
    left: progress.secondsLeft === undefined ? "estimating time left" : `${duration(progress.secondsLeft)} left`,
  };
}
