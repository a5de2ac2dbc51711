import type { SearchSettings } from "../../../src-shared/domain/config/run-config.ts";
import { isUserError } from "../../lib/errors.ts";
import { readGenerator } from "../baselines/generator-file.ts";
import { EvaluationSet, type Score, Scorer } from "../evaluation/scoring.ts";
import type { Workbench } from "../evaluation/workbench.ts";
import { Rng, type RngState } from "../random.ts";
import { GivenArchitectures } from "../search/given-architectures.ts";
import { frontSize, objectiveValues } from "../search/objectives.ts";
import { bestFirst } from "../search/shortlist.ts";
import { createStrategy, type Proposal, type SearchStrategy } from "../search/strategy.ts";
import { meanOf } from "../spaces/shared/moments.ts";
import type { SearchSpace } from "../spaces/shared/search-space.ts";
import type { CandidateFields, SpaceTypes, SummaryFacts } from "../spaces/shared/space-types.ts";
import type { Checkpoint } from "../training/checkpoint.ts";
import type { RunEnd, SpaceContext } from "./run-context.ts";
import { Throughput } from "./timing.ts";

interface SearchState<Candidate> {
  /** Number of architectures to score; fewer than requested once the space is exhausted. */
  readonly samples: number;
  readonly scored: readonly Candidate[];
  readonly strategy: unknown;
  readonly baseline: unknown;
}

/**
 * Ranks architectures with generated weights (paper, section 3.1): proposes distinct ones, scores each on the same validation images in the same order, and keeps a shortlist
 * (the best by score, or the first of the Pareto order of several objectives). A random baseline is drawn from the same space under the same limits, and is scored too.
 */
export async function runSearch<T extends SpaceTypes>(
  bench: Workbench,
  space: SearchSpace<T>,
  run: T["searchRun"],
  ghnFile: string,
  context: SpaceContext<T>,
  checkpoint: Checkpoint | null,
): Promise<RunEnd> {
  const { cells } = run;
  const search = space.searchSettings(run);
  const scoring = space.scoring(run.search, bench.input);
  const ghn = await readGenerator(space, ghnFile, run, bench.input);
  const images = new EvaluationSet(bench.trainBatches, bench.split.validation, search.validationImages, search.batchSize);
  const scorer = new Scorer(bench.backend.ops, ghn, images, scoring, search.latencyRuns);
  const noun = space.noun.toLowerCase();
  try {
    const saved = checkpoint === null ? null : savedState<T["candidate"]>(checkpoint.state);
    const scored: T["candidate"][] = [...(saved?.scored ?? [])];
    const allowed = withinLimits(space, run, search, bench);
    const input = { space, settings: run.space, search, allowed };
    const strategy =
      cells === undefined
        ? createStrategy({ ...input, rng: Rng.fromSeed(run.seed, "search") }, saved?.strategy ?? null)
        : new GivenArchitectures(space, cells, saved?.strategy ?? null);
    const baseline = createStrategy(
      { ...input, search: { ...search, strategy: "random" }, rng: Rng.fromSeed(run.seed, "random-baseline") },
      saved?.baseline ?? null,
    );
    let samples = saved?.samples ?? search.samples;
    let total = samples + search.randomBaseline;
    const throughput = new Throughput(performance.now() / 1000);
    let best = scored.reduce((top, { role, score }) => (role === "random" ? top : Math.max(top, score ?? 0)), 0);
    const save = (): Promise<void> =>
      context.saveCheckpoint(
        scored.length,
        new Map(),
        { samples, scored, strategy: strategy.state(), baseline: baseline.state() } satisfies SearchState<T["candidate"]>,
        {
          stepOfSeries: { "0": scored.length },
          candidates: scored.length,
          trainings: 0,
        },
      );
    if (scoring.note !== null) context.log("info", scoring.note);
    while (scored.length < total) {
      if (context.stopRequested) {
        await save();
        return { type: "stopped", step: scored.length };
      }
      const inSearch = scored.length < samples;
      const wanted = Math.min(space.scoringBatch, (inSearch ? samples : total) - scored.length);
      const proposals = proposalsOf(inSearch ? strategy : baseline, wanted, scored.length > 0);
      if (proposals.length === 0) {
        // The space is smaller than the requested number of samples: continue with those that were scored.
        context.log("warning", `No other ${noun} fits the search space and its limits: ${scored.length} were scored instead of ${total}.`);
        if (!inSearch) break;
        samples = scored.length;
        total = samples + search.randomBaseline;
        continue;
      }
      const plans = proposals.map(({ architecture }) => space.plan(architecture, run.network, bench.input));
      const results = scorer.score(plans);
      const batch = proposals.map((proposal, i): T["candidate"] => {
        const [plan, result] = [plans[i], results[i]];
        if (plan === undefined || result === undefined) throw new Error("A proposed architecture was not scored.");
        const index = scored.length + i;
        const name = proposal.name ?? `${inSearch ? space.noun : "Random"} ${index}`;
        return scoring.candidate(candidateFields(proposal, index, name, plan.counts, result, inSearch ? "none" : "random"), plan, result.measure);
      });
      if (inSearch)
        strategy.observe(
          proposals.flatMap(({ architecture, canonical }, i) => {
            const candidate = batch[i];
            return candidate === undefined ? [] : [{ architecture, canonical, objectives: objectiveValues(candidate, search.objectives) }];
          }),
        );
      for (const candidate of batch) {
        scored.push(candidate);
        context.candidate({ ...candidate, space: space.id });
        context.metric("search/score", scored.length, scored.length, candidate.score ?? Number.NaN);
        // The random baseline does not compete.
        if (!inSearch) continue;
        best = Math.max(best, candidate.score ?? 0);
        context.metric("search/best", scored.length, scored.length, best);
      }
      const lead = proposals.at(-1);
      const drawing = lead === undefined ? null : space.drawing(lead.architecture);
      if (drawing !== null) context.current(`${space.noun} ${scored.length}`, drawing);
      throughput.add(batch.length, performance.now() / 1000);
      const secondsLeft = throughput.secondsFor(total - scored.length);
      const speed = throughput.perSecond;
      context.progress({
        phase: inSearch ? `Scoring ${noun}s with generated weights` : "Scoring the random baseline",
        step: scored.length,
        totalSteps: total,
        ...(speed === undefined ? {} : { imagesPerSecond: speed * images.count }),
        ...(secondsLeft === undefined ? {} : { secondsLeft }),
      });
      await context.breathe();
      if (context.checkpointDue) await save();
    }
    const ranked = bestFirst(scored.slice(0, samples), search.objectives);
    const random = scored.slice(samples);
    await save();
    context.roles(
      ranked.slice(0, search.shortlist).map(({ index }) => index),
      random.map(({ index }) => index),
    );
    return { type: "done", summary: { ...searchFacts(ranked, random, search), ...scoring.facts } };
  } finally {
    images.dispose();
    ghn.dispose();
  }
}

/** The state in a checkpoint. Older searches of the anytime space stored only their random generators. */
function savedState<Candidate extends CandidateFields>(state: unknown): SearchState<Candidate> {
  const saved = state as SearchState<Candidate> | (Omit<SearchState<Candidate>, "strategy"> & { readonly search: RngState });
  if (!("search" in saved)) return saved;
  const { samples, scored, search, baseline } = saved;
  const strategy = (rng: unknown, of: readonly Candidate[]): unknown => ({ rng, seen: of.map(({ canonical }) => canonical), proposer: null });
  return { samples, scored, strategy: strategy(search, scored.slice(0, samples)), baseline: strategy(baseline, scored.slice(samples)) };
}

/** New architectures; none if the space is exhausted, which is an error only if nothing was scored at all. */
function proposalsOf<A>(strategy: SearchStrategy<A>, count: number, mayEnd: boolean): Proposal<A>[] {
  try {
    return strategy.propose(count);
  } catch (error) {
    if (mayEnd && isUserError(error) && error.code === "space-exhausted") return [];
    throw error;
  }
}

/** True for architectures within the limits on parameters and multiply-adds. */
function withinLimits<T extends SpaceTypes>(
  space: SearchSpace<T>,
  { network }: T["searchRun"],
  search: SearchSettings,
  { input }: Workbench,
): (architecture: T["architecture"]) => boolean {
  const { minParameters, maxParameters, minMultiplyAdds, maxMultiplyAdds } = search;
  if (minParameters === undefined && maxParameters === undefined && minMultiplyAdds === undefined && maxMultiplyAdds === undefined) return () => true;
  return (architecture) => {
    const { parameters, multiplyAdds } = space.plan(architecture, network, input).counts;
    return (
      parameters >= (minParameters ?? 0) &&
      parameters <= (maxParameters ?? Infinity) &&
      multiplyAdds >= (minMultiplyAdds ?? 0) &&
      multiplyAdds <= (maxMultiplyAdds ?? Infinity)
    );
  };
}

function candidateFields<A>(
  { canonical, architecture }: Proposal<A>,
  index: number,
  name: string,
  { parameters, multiplyAdds }: { readonly parameters: number; readonly multiplyAdds: number },
  { score, loss, generationMs, evaluationMs, latencyMs }: Score,
  role: "none" | "random",
): CandidateFields<A> {
  return {
    index,
    name,
    canonical,
    architecture,
    parameters,
    multiplyAdds,
    score,
    scoreLoss: Number.isFinite(loss) ? loss : null,
    role,
    generationMs,
    evaluationMs,
    ...(Number.isNaN(latencyMs) ? {} : { latencyMs }),
  };
}

function searchFacts(ranked: readonly CandidateFields[], random: readonly CandidateFields[], search: SearchSettings): SummaryFacts {
  const all = [...ranked, ...random];
  const scores = (list: readonly CandidateFields[]): number[] => list.map(({ score }) => score ?? 0);
  return {
    cellsScored: ranked.length,
    randomBaseline: random.length,
    bestScore: scores(ranked).reduce((top, score) => Math.max(top, score), 0),
    meanScore: meanOf(scores(ranked)),
    meanScoreOfShortlist: meanOf(scores(ranked.slice(0, search.shortlist))),
    meanScoreOfRandom: meanOf(scores(random)),
    generationMsPerCell: meanOf(all.map(({ generationMs }) => generationMs ?? 0)),
    evaluationMsPerCell: meanOf(all.map(({ evaluationMs }) => evaluationMs ?? 0)),
    ...(search.latencyRuns === 0 ? {} : { latencyMsPerCell: meanOf(all.map(({ latencyMs }) => latencyMs ?? 0)) }),
    ...(search.objectives.length === 1 ? {} : { paretoFront: frontSize(ranked, search.objectives) }),
  };
}
