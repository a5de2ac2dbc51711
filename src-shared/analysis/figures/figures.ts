/** The results of a run from what it recorded. Every page, table, export and report takes its figures from here. */
import type { RunKind } from "../../domain/config/run-config.ts";
import type { AnytimeTraining } from "../../domain/records/anytime-records.ts";
import type { Figures } from "../../domain/records/figures.ts";
import type { Candidate, MetricSummary, Training } from "../../domain/records/run.ts";
import { momentsOf } from "./moments.ts";
import { agreement, meansByCell, type TrainedCell, trainingsOfBest } from "./trained-cells.ts";

/** A training, with the stage of the run that did it; null for a run that is not a stage. */
export type FigureTraining = TrainedCell & Pick<Training, "runId" | "parameters" | "multiplyAdds"> & { readonly stage: string | null };
export type FigureNetwork = Pick<AnytimeTraining, "runId" | "name" | "canonical" | "role" | "parameters" | "multiplyAdds" | "area" | "testArea">;
export type FigureCandidate = Pick<Candidate, "runId" | "name" | "score" | "parameters" | "multiplyAdds">;

/** What a run and its stages recorded. */
export interface FigureRecords {
  readonly kind: RunKind;
  /** Whether the run has ended: what leads while work is going on is not called the winner. */
  readonly ended: boolean;
  readonly trainings: readonly FigureTraining[];
  readonly networks: readonly FigureNetwork[];
  /** The best candidate of the search that is not random. */
  readonly top: FigureCandidate | null;
  readonly ranked: number | null;
  readonly metrics: Readonly<Record<string, Pick<MetricSummary, "best">>>;
}

export function figuresOf(records: FigureRecords): Figures {
  switch (records.kind) {
    case "pipeline":
      return {
        ...searchFigures(records.top, records.ranked),
        ...comparison(records.trainings.filter(({ stage }) => stage === "compare")),
        // The last stage trains the winner only.
        ...winnerFigures(
          records.trainings.filter(({ stage }) => stage === "final"),
          true,
        ),
      };
    case "cell-training":
      return { ...comparison(records.trainings), ...winnerFigures(trainingsOfBest(records.trainings), records.ended) };
    case "search":
    case "anytime-search":
      return { ...searchFigures(records.top, records.ranked), ...(records.ended ? subject(records.top) : {}) };
    case "anytime":
      return { ...searchFigures(records.top, records.ranked), ...areaFigures(records.networks, records.ended) };
    case "anytime-training":
      return areaFigures(records.networks, records.ended);
    case "ghn-training":
    case "anytime-ghn":
      return given({ ghnScore: records.metrics["ghn/validation-accuracy"]?.best });
    case "study":
    case "prediction":
      return {};
  }
}

/** Figures without those that are missing. */
function given(figures: { readonly [Name in keyof Figures]: Figures[Name] | null | undefined }): Figures {
  return Object.fromEntries(Object.entries(figures).filter(([, value]) => value !== null && value !== undefined)) as Figures;
}

function searchFigures(top: FigureCandidate | null, ranked: number | null): Figures {
  return given({ bestScore: top?.score, ranked });
}

function subject(one: Pick<FigureTraining, "name" | "runId" | "parameters" | "multiplyAdds"> | null | undefined): Figures {
  return given({ winner: one?.name, winnerRunId: one?.runId, parameters: one?.parameters, multiplyAdds: one?.multiplyAdds });
}

/** @param trainings repetitions of one cell */
function winnerFigures(trainings: readonly FigureTraining[], decided: boolean): Figures {
  return {
    ...(decided ? subject(trainings[0]) : {}),
    ...given({
      testAccuracy: momentsOf(trainings.flatMap(({ testAccuracy }) => testAccuracy ?? [])),
      validationAccuracy: momentsOf(trainings.map(({ validationAccuracy }) => validationAccuracy)),
    }),
  };
}

/** The shortlist against random cells with the same protocol; without random cells there is nothing to compare. */
function comparison(trainings: readonly FigureTraining[]): Figures {
  const cells = meansByCell(trainings);
  const accuracies = (role: Training["role"]): number[] => cells.filter(({ first }) => first.role === role).map(({ mean }) => mean);
  const compared = cells.some(({ first }) => first.role === "random");
  const { value, interval, n } = agreement("spearman", trainings);
  return given({
    shortlistAccuracy: compared ? momentsOf(accuracies("shortlist")) : null,
    randomAccuracy: compared ? momentsOf(accuracies("random")) : null,
    rankCorrelation: value === null ? null : { value, interval, n },
  });
}

/** The searched network with the largest mean area on validation images, against random ones. */
function areaFigures(networks: readonly FigureNetwork[], decided: boolean): Figures {
  const groups = [...Map.groupBy(networks, ({ role, canonical }) => `${role} ${canonical}`).values()].flatMap((repetitions) => {
    const area = momentsOf(repetitions.map((one) => one.area));
    return area === null ? [] : [{ role: repetitions[0]?.role, area, repetitions }];
  });
  const searched = groups.filter(({ role }) => role === "shortlist" || role === "none");
  const competing = searched.length > 0 ? searched : groups.filter(({ role }) => role === "random");
  const best = competing.reduce<(typeof groups)[number] | null>((top, one) => (top === null || one.area.mean > top.area.mean ? one : top), null);
  return {
    ...(decided ? subject(best?.repetitions[0]) : {}),
    ...given({
      area: best?.area,
      testArea: momentsOf((best?.repetitions ?? []).flatMap(({ testArea }) => testArea ?? [])),
      randomArea: searched.length > 0 ? momentsOf(groups.filter(({ role }) => role === "random").map(({ area }) => area.mean)) : null,
    }),
  };
}
