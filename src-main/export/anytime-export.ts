/** Exports of the anytime space: networks with several exits, and references. */
import { count, percent, plainSpaces } from "../../src-shared/analysis/format.ts";
import { type AnytimeArchitecture, anytimeModelSchema } from "../../src-shared/domain/architecture/anytime.ts";
import { usableTrainings } from "../../src-shared/domain/records/divergence.ts";
import { anytimeManifestText } from "../engine/formats/anytime-weights.ts";
import { anytimeFileText } from "../engine/spaces/anytime/file.ts";
import { anytimeCsv } from "./anytime-csv.ts";
import { anytimeSvg } from "./cell-picture.ts";
import { allTrainingsOf, candidatesOf, hasCandidates, type Result, type SpaceExport, trainingsOf } from "./space-export.ts";

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
  manifest: anytimeManifestText,
  hasTable: (project, family) => hasCandidates(project, "anytime", family) || trainingsOf(project, "anytime", family).length > 0,
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
