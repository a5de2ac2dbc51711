import { type AnytimeReference, anytimeModelSchema } from "../../../src-shared/domain/architecture/anytime.ts";
import type { AnytimeTrainingRun } from "../../../src-shared/domain/config/run-config.ts";
import type { AnytimeCandidate, AnytimeToTrain } from "../../../src-shared/domain/records/anytime-records.ts";
import { canonicalAnytime } from "../../engine/spaces/anytime/canonical.ts";
import { UserError } from "../../lib/errors.ts";
import type { StoreReader } from "../../store/store.ts";

/**
 * The networks that a training run in the anytime space takes, in the order in which they are trained: the best of the search, its random picks, the references.
 * @throws UserError when the search named does not exist, is not done, or has too few networks
 */
export function resolveNetworks(store: StoreReader, { source, references }: Pick<AnytimeTrainingRun, "source" | "references">): AnytimeToTrain[] {
  const searched =
    source.from === "search"
      ? fromSearch(store, source)
      : source.networks.map(
          ({ name, architecture }): AnytimeToTrain => ({
            name,
            model: { kind: "cells", architecture },
            canonical: canonicalAnytime(architecture),
            candidateId: null,
            role: "none",
            score: null,
          }),
        );
  return [...searched, ...references.map(toReference)];
}

const REFERENCE_NAMES: Readonly<Record<AnytimeReference["kind"], string>> = { msdnet: "MSDNet", resnet: "ResNet with several classifiers" };

function toReference(model: AnytimeReference): AnytimeToTrain {
  return { name: REFERENCE_NAMES[model.kind], model, canonical: JSON.stringify(model), candidateId: null, role: "reference", score: null };
}

function fromSearch(store: StoreReader, { runId, top, random }: Extract<AnytimeTrainingRun["source"], { readonly from: "search" }>): AnytimeToTrain[] {
  if (top + random === 0) return [];
  const run = store.runs.get(runId);
  const stage = run?.kind === "anytime" ? (store.runs.children(runId).find((child) => child.kind === "anytime-search") ?? run) : run;
  if (stage?.kind !== "anytime-search")
    throw new UserError(run === null ? `There is no run ${runId} in this project.` : `The run ${run.name} is no search in the anytime space.`, {
      code: run === null ? "run-missing" : "run-kind",
      remedy: "Name a run of kind anytime-search of this project.",
      field: "source.runId",
    });
  if (stage.status !== "completed")
    throw new UserError(`The run ${stage.name} is not completed (${stage.status}).`, {
      code: "run-unfinished",
      remedy: "Wait for its end or resume it, then start again.",
      field: "source.runId",
    });
  const all = store.anytime.candidates(stage.id);
  const best = all.filter(({ rank }) => rank !== null).slice(0, top);
  const picks = all
    .filter(({ role }) => role === "random")
    .sort((a, b) => a.index - b.index)
    .slice(0, random);
  if (best.length < top || picks.length < random)
    throw new UserError(`The search has ${best.length} ranked networks and a random baseline of ${picks.length}; ${top} and ${random} are asked for.`, {
      code: "cells-missing",
      remedy: "Ask for fewer, or search again with more samples or a larger baseline.",
      field: best.length < top ? "source.top" : "source.random",
    });
  return [...best.map((candidate) => toTrain(candidate, "shortlist")), ...picks.map((candidate) => toTrain(candidate, "random"))];
}

function toTrain({ name, architecture, canonical, id, score }: AnytimeCandidate, role: "shortlist" | "random"): AnytimeToTrain {
  // What lies in a project is input like any other.
  return { name, model: anytimeModelSchema.parse({ kind: "cells", architecture }), canonical, candidateId: id, role, score };
}
