/** How figures are named, ordered and written: one list for tables, pages, the command line and exports. */
import type { Figures, Moments } from "../../domain/records/figures.ts";
import { coefficient, count, percent, percentWithDeviation, whole } from "../format.ts";

export type FigureId = Exclude<keyof Figures, "winnerRunId">;

interface Info {
  readonly title: string;
  /** Title of a narrow column, if the title is too long. */
  readonly short?: string;
  readonly hint: string;
  /** Direction that is better; none for sizes and names. */
  readonly better: "higher" | "none";
}

/** In the order in which results are shown. */
export const FIGURES: Readonly<Record<FigureId, Info>> = {
  winner: { title: "Winner", hint: "The best architecture of the run", better: "none" },
  testAccuracy: { title: "Test accuracy", hint: "Of the winner; mean ± standard deviation over repetitions", better: "higher" },
  validationAccuracy: {
    title: "Validation accuracy",
    short: "Val. accuracy",
    hint: "Of the winner at the end of training; mean ± standard deviation over repetitions",
    better: "higher",
  },
  testArea: { title: "Test area", hint: "Area under the accuracy curve of the winner on test images", better: "higher" },
  area: { title: "Validation area", short: "Val. area", hint: "Area under the accuracy curve of the winner on validation images", better: "higher" },
  shortlistAccuracy: {
    title: "Shortlist (GHN Top)",
    hint: "Validation accuracy of the trained shortlist; mean ± standard deviation over cells",
    better: "higher",
  },
  randomAccuracy: {
    title: "Random cells",
    hint: "Validation accuracy of the random cells trained for comparison; mean ± standard deviation over cells",
    better: "none",
  },
  randomArea: { title: "Random networks", hint: "Area of the random networks trained for comparison", better: "none" },
  rankCorrelation: {
    title: "Rank correlation",
    hint: "Spearman correlation of scores and trained accuracy over distinct cells, with 95 % interval",
    better: "higher",
  },
  bestScore: { title: "Best score", hint: "Highest score of the search with generated weights; random cells do not count", better: "higher" },
  ghnScore: {
    title: "GHN score",
    hint: "Highest mean validation accuracy of unseen cells with generated weights during the training of the GHN",
    better: "higher",
  },
  parameters: { title: "Parameters", hint: "Of the winner", better: "none" },
  multiplyAdds: { title: "Multiply-adds", hint: "Of the winner, per image", better: "none" },
  ranked: { title: "Cells ranked", hint: "Architectures scored by the search, without random ones", better: "none" },
};

export const FIGURE_IDS: readonly FigureId[] = Object.keys(FIGURES) as FigureId[];

export function isFigureId(id: string): id is FigureId {
  return Object.hasOwn(FIGURES, id);
}

/** A figure for people; null if the run has none. `detail`: with the number of measurements and the interval. */
export function figureText(figures: Figures, id: FigureId, detail = false): string | null {
  switch (id) {
    case "winner":
      return figures.winner ?? null;
    case "rankCorrelation": {
      const { rankCorrelation } = figures;
      if (rankCorrelation === undefined) return null;
      const { value, interval, n } = rankCorrelation;
      if (!detail) return coefficient(value);
      return `${coefficient(value)}${interval === null ? "" : ` [${coefficient(interval[0])}, ${coefficient(interval[1])}]`}, n = ${n}`;
    }
    case "bestScore":
    case "ghnScore":
      return figures[id] === undefined ? null : percent(figures[id]);
    case "parameters":
    case "multiplyAdds":
      return figures[id] === undefined ? null : count(figures[id]);
    case "ranked":
      return figures.ranked === undefined ? null : whole(figures.ranked);
    default: {
      const moments = figures[id];
      return moments === undefined ? null : `${percentWithDeviation(moments.mean, moments.deviation)}${detail && moments.n > 1 ? ` (n = ${moments.n})` : ""}`;
    }
  }
}

/** The value by which runs are sorted and exported; means of measurements. */
export function figureValue(figures: Figures, id: FigureId): number | string | null {
  if (id === "rankCorrelation") return figures.rankCorrelation?.value ?? null;
  const figure = figures[id];
  return typeof figure === "object" ? figure.mean : (figure ?? null);
}

/** The measurements behind a figure, for comparisons; null for figures without a direction and for single values. */
export function figureMoments(figures: Figures, id: FigureId): Moments | null {
  const figure = figures[id];
  return FIGURES[id].better === "higher" && typeof figure === "object" && "mean" in figure ? figure : null;
}

/** The main result of a run, the strongest evidence first: a measurement on test images before one on validation images, before a prediction. */
const MAIN: readonly FigureId[] = ["testAccuracy", "testArea", "validationAccuracy", "area", "bestScore", "ghnScore"];

export function mainFigure(figures: Figures): FigureId | null {
  return MAIN.find((id) => figures[id] !== undefined) ?? null;
}

/** Facts recorded at the end of a run that say the same as a figure: they are not shown next to it. */
const RECORDED =
  /^(winner|winnerRunId|winner(Parameters|MultiplyAdds|Score|Area|TestArea|Trainings)|best|best(ValidationAccuracy|TestAccuracy|Parameters|MultiplyAdds|Area|TestArea|Score|ValidationScore)|(testAccuracy|finalValidationAccuracy|(ghn|random|shortlist)ValidationAccuracy)(Mean|Deviation|Count)|(random|shortlist)(Area|TestArea)|spearman(Correlation|Low|High)|correlationCells|cellsRanked|networksRanked|cellsScored)$/;

export function isFigureFact(key: string): boolean {
  return RECORDED.test(key);
}
