/** Exports of the cell space: cells and networks of them. */
import { competingTrainings, trainingsOfBest } from "../../src-shared/analysis/figures/trained-cells.ts";
import { count, percent, plainSpaces } from "../../src-shared/analysis/format.ts";
import { type Architecture, architectureSchema } from "../../src-shared/domain/architecture/network.ts";
import type { Training } from "../../src-shared/domain/records/run.ts";
import { graphsDot } from "../../src-shared/drawing/dot.ts";
import { cellGraph, type Graph, withoutIdleInputs } from "../../src-shared/drawing/graph.ts";
import { cellFileText } from "../engine/spaces/cell/file.ts";
import { architectureGenotype, genotypeObstacle } from "../engine/spaces/cell/genotype.ts";
import { candidatesCsv } from "./candidates-csv.ts";
import { architectureSvg } from "./cell-picture.ts";
import { allTrainingsOf, candidatesOf, hasCandidates, type Result, type SpaceExport, trainingsOf } from "./space-export.ts";
import { manifestText, readWeightsInfo } from "./weights-package.ts";

/**
 * The winner is the cell with the best mean validation accuracy in the last training stage, and of its trainings the best by the same measure (test images are not
 * used for the choice). For a search, it is the first of the ranking.
 */
export const cellExport: SpaceExport<"cell"> = {
  winner(project, family) {
    for (const run of [...family].reverse()) {
      const all = allTrainingsOf(project, "cell", [run]);
      const competing = competingTrainings(all);
      const [first] = competing;
      if (first === undefined) continue;
      const training = best(trainingsOfBest(competing.filter(({ divergence }) => divergence === undefined)));
      if (training === null) return { training: null, candidate: null, ...(first.divergence === undefined ? {} : { divergence: first.divergence }) };
      return { training, candidate: training.candidateId === null ? null : project.candidates.get(training.candidateId) };
    }
    const first = family.flatMap((run) => project.candidates.list(run.id, { limit: 1 }).rows).find(({ rank }) => rank === 1);
    return { training: null, candidate: first ?? null };
  },
  trainingFor(project, family, candidate) {
    const own = trainingsOf(project, "cell", family).filter(({ candidateId }) => candidateId === candidate.id);
    const longest = Math.max(...own.map(({ epochs }) => epochs));
    return best(own.filter(({ epochs }) => epochs === longest));
  },
  obstacle: () => null,
  file: (result, facts) => cellFileText(architectureOf(result), facts),
  genotypeObstacle: (result) => genotypeObstacle(architectureOf(result)),
  genotype: (result) => architectureGenotype(architectureOf(result)),
  dot(result, title) {
    const { normal, reduction } = architectureOf(result);
    const graphOf = (cell: typeof normal): Graph => withoutIdleInputs(cellGraph(cell));
    return graphsDot(title, [
      { heading: reduction === undefined ? "Cell" : "Normal cell", graph: graphOf(normal) },
      ...(reduction === undefined ? [] : [{ heading: "Reduction cell", graph: graphOf(reduction) }]),
    ]);
  },
  drawing(result, options) {
    const { candidate, training } = result;
    const counts = training ?? candidate;
    const caption = [
      ...(counts === null ? [] : [`${count(counts.parameters)} parameters`, `${count(counts.multiplyAdds)} multiply-adds`]),
      ...(training?.testAccuracy !== null && training !== null
        ? [`${percent(training.testAccuracy)} on test images`]
        : candidate?.score !== null && candidate !== null
          ? [`score ${percent(candidate.score)}`]
          : []),
    ].join(" · ");
    return architectureSvg(architectureOf(result), { ...options, ...(caption === "" ? {} : { caption: plainSpaces(caption) }) });
  },
  meta({ candidate, training }) {
    const counts = training ?? candidate;
    return {
      ...(counts === null ? {} : { parameters: counts.parameters, multiplyAdds: counts.multiplyAdds, canonical: counts.canonical, score: counts.score }),
      ...(candidate === null ? {} : { rank: candidate.rank }),
      ...(training === null
        ? {}
        : { validationAccuracy: training.validationAccuracy, testAccuracy: training.testAccuracy, epochs: training.epochs, seed: training.seed }),
    };
  },
  manifest: async (path, weightsFile, checksum, origin, split) => manifestText(await readWeightsInfo(path), weightsFile, checksum, origin, split),
  hasTable: (project, family) => hasCandidates(project, "cell", family),
  table: (project, family) => candidatesCsv(candidatesOf(project, "cell", family), allTrainingsOf(project, "cell", family)),
};

/** The stored architecture, validated, because project files are untrusted input. */
function architectureOf({ training, candidate }: Result<"cell">): Architecture {
  return architectureSchema.parse((training ?? candidate)?.architecture);
}

function best(trainings: readonly Training[]): Training | null {
  return trainings.reduce<Training | null>((top, training) => (top === null || training.validationAccuracy > top.validationAccuracy ? training : top), null);
}
