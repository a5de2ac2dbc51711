import { meansByCell } from "../../../src-shared/analysis/figures/trained-cells.ts";
import { type AnytimeReference, anytimeModelSchema } from "../../../src-shared/domain/architecture/anytime.ts";
import type { AnytimeTrainingRun, CellSource, CellTrainingRun, RunKind, SpaceId } from "../../../src-shared/domain/config/run-config.ts";
import type { AnytimeToTrain, CellToTrain, NetworkToTrain } from "../../../src-shared/worker-protocol.ts";
import { SPACES } from "../../engine/spaces/index.ts";
import { UserError } from "../../lib/errors.ts";
import type { CandidateRecords } from "../../store/results/candidates.ts";
import type { StoreReader } from "../../store/store.ts";

/** The kinds of runs that a training run may use as source, by space. */
const KINDS = {
  cell: { search: "search", training: "cell-training" },
  anytime: { search: "anytime-search", training: "anytime-training" },
} as const satisfies Readonly<Record<SpaceId, Readonly<Record<string, RunKind>>>>;

/** Names of the architectures of each space in messages. */
const NOUNS: Readonly<Record<SpaceId, string>> = { cell: "cells", anytime: "networks" };

/** Networks of a search: the best of its ranking, and some of its random baseline. */
interface SearchSource {
  readonly runId: string;
  readonly top: number;
  readonly random: number;
}

type Subject<Role> = Pick<NetworkToTrain, "name" | "canonical" | "candidateId" | "score"> & { readonly role: Role };

/**
 * The networks of a training run, in the order in which they are trained.
 * @throws UserError if the source run does not exist, is not completed, or has no networks of the requested kind
 */
export function resolveSubjects(store: StoreReader, config: CellTrainingRun | AnytimeTrainingRun): NetworkToTrain[] {
  return config.kind === "cell-training" ? resolveCells(store, config.source) : resolveNetworks(store, config);
}

/** @throws UserError as {@link resolveSubjects} */
export function resolveCells(store: StoreReader, source: CellSource): CellToTrain[] {
  switch (source.from) {
    case "search": {
      const chosen = fromSearch(store, "cell", source);
      if (chosen.length === 0)
        throw new UserError("No cells are selected.", {
          code: "cells-missing",
          remedy: "Use at least one cell from the shortlist or the baseline.",
          field: "source.top",
        });
      return chosen.map(({ candidate, role }) => ({ space: "cell", ...subjectOf(candidate, role), architecture: candidate.architecture }));
    }
    case "training":
      return fromTraining(store, source.runId, source.best);
    case "cells":
      return source.cells.map(({ name, architecture }) => ({
        space: "cell",
        ...given(name, SPACES.cell.canonical(architecture), "none"),
        architecture,
      }));
  }
}

/** Searched networks, then references. */
function resolveNetworks(store: StoreReader, { source, references }: AnytimeTrainingRun): AnytimeToTrain[] {
  const searched =
    source.from === "search"
      ? fromSearch(store, "anytime", source).map(({ candidate, role }): AnytimeToTrain => {
          // Project files are untrusted input like any other.
          const model = anytimeModelSchema.parse({ kind: "cells", architecture: candidate.architecture });
          return { space: "anytime", ...subjectOf(candidate, role), model };
        })
      : source.networks.map(
          ({ name, architecture }): AnytimeToTrain => ({
            space: "anytime",
            ...given(name, SPACES.anytime.canonical(architecture), "none"),
            model: { kind: "cells", architecture },
          }),
        );
  return [...searched, ...references.map(toReference)];
}

const REFERENCE_NAMES: Readonly<Record<AnytimeReference["kind"], string>> = { msdnet: "MSDNet", resnet: "ResNet with several classifiers" };

function toReference(model: AnytimeReference): AnytimeToTrain {
  return { space: "anytime", ...given(REFERENCE_NAMES[model.kind], JSON.stringify(model), "reference"), model };
}

/** A network that was not scored by a search. */
function given<Role extends NetworkToTrain["role"]>(name: string, canonical: string, role: Role): Subject<Role> {
  return { name, canonical, candidateId: null, role, score: null };
}

function subjectOf<Role extends NetworkToTrain["role"]>({ name, canonical, id, score }: CandidateRecords[SpaceId], role: Role): Subject<Role> {
  return { name, canonical, candidateId: id, role, score };
}

/**
 * The shortlist by rank, then the random baseline in its order. If the shortlist is too short, it is filled up from the ranking. With several objectives, the shortlist differs from the top
 * of the ranking, which is sorted by score.
 */
function fromSearch<Space extends SpaceId>(
  store: StoreReader,
  space: Space,
  { runId, top, random }: SearchSource,
): { candidate: CandidateRecords[Space]; role: "shortlist" | "random" }[] {
  if (top + random === 0) return [];
  const noun = NOUNS[space];
  const run = completed(store, runId, KINDS[space].search, "search");
  const all = store.candidates.in(space).list(run, { sort: "rank", limit: 1_000_000 }).rows;
  const ranked = all.filter(({ rank, role }) => rank !== null && role !== "random");
  const best = [...ranked.filter(({ role }) => role === "shortlist"), ...ranked.filter(({ role }) => role !== "shortlist")].slice(0, top);
  const baseline = all
    .filter(({ role }) => role === "random")
    .sort((a, b) => a.index - b.index)
    .slice(0, random);
  if (best.length === 0 && top > 0)
    throw new UserError(`The search did not rank any ${noun}.`, { code: "cells-missing", remedy: "Choose another search.", field: "source.runId" });
  if (baseline.length < random)
    throw new UserError(`The search has a random baseline of ${baseline.length} ${noun}; ${random} are required.`, {
      code: "cells-missing",
      remedy: `Use at most ${baseline.length} random ${noun}, or search again with a larger baseline.`,
      field: "source.random",
    });
  return [...best.map((candidate) => ({ candidate, role: "shortlist" as const })), ...baseline.map((candidate) => ({ candidate, role: "random" as const }))];
}

/**
 * The best cells of a training run by mean validation accuracy over repetitions ("GHN Top-Best" of the paper). Cells of
 * a random baseline are for comparison and are used only if there are no others.
 */
function fromTraining(store: StoreReader, runId: string, best: number): CellToTrain[] {
  const run = completed(store, runId, KINDS.cell.training, "training run");
  const all = store.trainings.listAll(run);
  const competing = all.some((training) => training.role !== "random") ? all.filter((training) => training.role !== "random") : all;
  const cells = meansByCell(competing.filter(({ divergence }) => divergence === undefined)).slice(0, best);
  const diverged = competing[0]?.divergence;
  if (cells.length === 0 && diverged !== undefined)
    throw new UserError(`All trainings of the run ${store.runs.get(run)?.name ?? run} diverged. ${diverged}`, {
      code: "training-diverged",
      remedy: "Train the cells again with a lower learning rate or a smaller gradient clip.",
      field: "source.runId",
    });
  if (cells.length === 0)
    throw new UserError("The run did not train any cells.", { code: "cells-missing", remedy: "Choose another run.", field: "source.runId" });
  return cells.map(({ first: { name, architecture, canonical, candidateId, role, score } }) => ({
    space: "cell",
    name,
    architecture,
    canonical,
    candidateId,
    role,
    score,
  }));
}

/** Id of the completed run that a source refers to: the run itself, or its stage. */
function completed(store: StoreReader, runId: string, kind: RunKind, noun: string): string {
  const run = store.runs.get(runId);
  const remedy = `Use a ${noun} of this project.`;
  if (run === null) throw new UserError(`There is no run ${runId} in this project.`, { code: "run-missing", remedy, field: "source.runId" });
  if (run.kind === "pipeline" || run.kind === "anytime") {
    // Of the training stages of a pipeline, the one that compares cells.
    const stage = store.runs.children(runId).findLast((child) => child.kind === kind && (kind !== "cell-training" || child.stage === "compare"));
    if (stage !== undefined) return completed(store, stage.id, kind, noun);
  }
  if (run.kind !== kind) throw new UserError(`The run ${run.name} is not a ${noun} (${kind}).`, { code: "run-kind", remedy, field: "source.runId" });
  if (run.status !== "completed")
    throw new UserError(`The run ${run.name} is not completed (${run.status}).`, {
      code: "run-unfinished",
      remedy: "Wait until it has finished, or resume it. Then start again.",
      field: "source.runId",
    });
  return runId;
}
