/** Exports of the anytime space: networks with several exits, and references. */
import { z } from "zod";
import { count, percent, plainSpaces } from "../../src-shared/analysis/format.ts";
import { type AnytimeArchitecture, anytimeModelSchema } from "../../src-shared/domain/architecture/anytime.ts";
import { anytimeNetworkSchema } from "../../src-shared/domain/config/anytime-config.ts";
import { usableTrainings } from "../../src-shared/domain/records/divergence.ts";
import { anytimeCellGraph } from "../../src-shared/drawing/anytime-graph.ts";
import { graphsDot } from "../../src-shared/drawing/dot.ts";
import { withoutIdleInputs } from "../../src-shared/drawing/graph.ts";
import { anytimeManifestText } from "../engine/formats/anytime-weights.ts";
import { weightsManifestSchema } from "../engine/formats/weights-file.ts";
import { BATCH_NORM_EPSILON } from "../engine/network/forward.ts";
import { networkData } from "../engine/network/operation-data.ts";
import { programOf } from "../engine/network/program.ts";
import { anytimeFileText } from "../engine/spaces/anytime/file.ts";
import { planOfModel } from "../engine/spaces/anytime/model.ts";
import { anytimeCsv } from "./anytime-csv.ts";
import { anytimeSvg } from "./cell-picture.ts";
import { allTrainingsOf, candidatesOf, hasCandidates, type Result, type SpaceExport } from "./space-export.ts";

/** The part of a weights file's record that the network is built from. */
const recordSchema = z.object({ model: anytimeModelSchema, network: anytimeNetworkSchema, input: weightsManifestSchema.shape.input });

const NO_GENOTYPE = "The nodes of a network with several exits have scales and exits, which genotypes of DARTS do not have.";

/** The winner is the searched network whose training has the largest area on validation images. For a search, it is the first of the ranking. */
export const anytimeExport: SpaceExport<"anytime"> = {
  winner(project, family) {
    const trainings = allTrainingsOf(project, "anytime", family);
    const searched = trainings.filter(({ role }) => role === "shortlist" || role === "none");
    const competing = searched.length > 0 ? searched : trainings.filter(({ role }) => role !== "reference");
    const usable = usableTrainings(competing);
    // References do not compete, but a run of them alone has no result either if they all diverged.
    const all = competing.length > 0 ? competing : trainings;
    const divergence = all[0]?.divergence;
    if (divergence !== undefined && usableTrainings(all).length === 0) return { training: null, candidate: null, divergence };
    const [training = null] = usable.sort((a, b) => b.area - a.area);
    const candidates = project.candidates.in("anytime");
    if (training !== null) return { training, candidate: training.candidateId === null ? null : candidates.get(training.candidateId) };
    const first = family.flatMap((run) => candidates.list(run.id, { limit: 1 }).rows).find(({ rank }) => rank === 1);
    return { training: null, candidate: first ?? null };
  },
  trainingFor: () => null,
  obstacle: (result) => (architectureOf(result) === null ? "A reference network does not consist of cells; its settings are in the config." : null),
  file: (result, facts) => anytimeFileText(required(result), facts),
  genotypeObstacle: () => NO_GENOTYPE,
  genotype: () => {
    throw new Error(NO_GENOTYPE);
  },
  dot(result, title) {
    const architecture = required(result);
    const exits = (result.training ?? result.candidate)?.exits ?? [];
    const cells = architecture.cells.map((_, i) => ({ heading: `Cell ${i + 1}`, graph: withoutIdleInputs(anytimeCellGraph(architecture, i, exits)) }));
    return graphsDot(title, cells);
  },
  drawing(result, options) {
    const { training, candidate } = result;
    const measured = training ?? candidate;
    const area = training?.area ?? candidate?.score;
    const parts = [
      ...(measured === null ? [] : [`${count(measured.parameters)} parameters`, `${count(measured.multiplyAdds)} multiply-adds to the last exit`]),
      ...(area === undefined ? [] : [`area ${percent(area)}${training === null ? " with generated weights" : ""}`]),
    ];
    return anytimeSvg(required(result), measured?.exits ?? [], { ...options, caption: plainSpaces(parts.join(" · ")) });
  },
  meta({ training, candidate }) {
    const measured = training ?? candidate;
    return {
      ...(measured === null
        ? {}
        : {
            parameters: measured.parameters,
            multiplyAdds: measured.multiplyAdds,
            canonical: measured.canonical,
            score: measured.score,
            maxBudget: measured.maxBudget,
            chance: measured.chance,
          }),
      ...(training === null ? {} : { area: training.area, testArea: training.testArea, initialChannels: training.initialChannels, epochs: training.epochs }),
    };
  },
  manifest: (path, weightsFile, checksum, origin, split) =>
    anytimeManifestText(path, weightsFile, checksum, origin, split, (record) => {
      const { model, network, input } = recordSchema.parse(record);
      return networkData(programOf(planOfModel(model, network, input)), BATCH_NORM_EPSILON);
    }),
  hasTable: (project, family) => hasCandidates(project, "anytime", family) || allTrainingsOf(project, "anytime", family).length > 0,
  table: (project, family) => anytimeCsv(candidatesOf(project, "anytime", family), allTrainingsOf(project, "anytime", family)),
};

/** The stored architecture, validated; null for a reference. */
function architectureOf({ training, candidate }: Result<"anytime">): AnytimeArchitecture | null {
  const model = anytimeModelSchema.parse(training?.model ?? { kind: "cells", architecture: candidate?.architecture });
  return model.kind === "cells" ? model.architecture : null;
}

function required(result: Result<"anytime">): AnytimeArchitecture {
  const architecture = architectureOf(result);
  if (architecture === null) throw new Error("The architecture was checked to be there.");
  return architecture;
}
