import type { Cell } from "../../../src-shared/domain/architecture/cell.ts";
import type { Architecture, NetworkConfig, NetworkInput } from "../../../src-shared/domain/architecture/network.ts";
import type { SearchRun, SearchSettings } from "../../../src-shared/domain/config/run-config.ts";
import type { CandidateMessage } from "../../../src-shared/worker-protocol.ts";
import { isUserError } from "../../lib/errors.ts";
import { readGhnFile } from "../baselines/generator-file.ts";
import { EvaluationSet, type Score, Scorer } from "../evaluation/scoring.ts";
import type { Workbench } from "../evaluation/workbench.ts";
import { Rng } from "../random.ts";
import { GivenCells } from "../search/given-cells.ts";
import { bestFirst, frontSize, objectiveValues } from "../search/objectives.ts";
import { createStrategy, type Proposal, type SearchStrategy } from "../search/strategy.ts";
import { buildPlan } from "../spaces/cell/plan.ts";
import type { Checkpoint } from "../training/checkpoint.ts";
import type { RunContext, RunEnd } from "./run-context.ts";
import { Throughput } from "./timing.ts";

/** Architectures whose weights are generated in one go. */
export const SCORING_BATCH = 8;

interface SearchState {
  /** Cells that the search is to score; fewer than asked for once the space is used up. */
  readonly samples: number;
  readonly scored: readonly CandidateMessage[];
  readonly strategy: unknown;
  readonly baseline: unknown;
}

/**
 * Ranks cells with generated weights (paper, section 3.1): proposes distinct cells, scores each on the same validation
 * images in the same order, keeps a shortlist (the best by score, or the first of the Pareto order of several objectives); draws a random baseline beside it and scores that too.
 */
export async function runSearch(bench: Workbench, config: SearchRun, ghnFile: string, context: RunContext, checkpoint: Checkpoint | null): Promise<RunEnd> {
  const { search, space, network, cells } = config;
  const ghn = await readGhnFile(ghnFile, network, bench.input, space, cells);
  const images = new EvaluationSet(bench.trainBatches, bench.split.validation, search.validationImages, search.batchSize);
  const scorer = new Scorer(bench.backend.ops, ghn, images, search.latencyRuns);
  try {
    const saved = (checkpoint?.state ?? null) as SearchState | null;
    const scored: CandidateMessage[] = [...(saved?.scored ?? [])];
    const allowed = constraint(search, network, bench.input);
    const seen = new Set<string>();
    const strategy =
      cells === undefined
        ? createStrategy({ space, settings: search, rng: Rng.fromSeed(config.seed, "search"), allowed, seen }, saved?.strategy ?? null)
        : new GivenCells(cells, saved?.strategy ?? null);
    // The baseline is drawn from the same space under the same limits, whatever the strategy.
    const baseline = createStrategy(
      { space, settings: { ...search, strategy: "random" }, rng: Rng.fromSeed(config.seed, "random-baseline"), allowed, seen: new Set() },
      saved?.baseline ?? null,
    );
    let samples = saved?.samples ?? cells?.length ?? search.samples;
    let total = samples + search.randomBaseline;
    const throughput = new Throughput(performance.now() / 1000);
    let best = scored.reduce((top, candidate) => Math.max(top, candidate.score ?? 0), 0);
    const save = (): Promise<void> =>
      context.saveCheckpoint(scored.length, new Map(), { samples, scored, strategy: strategy.state(), baseline: baseline.state() } satisfies SearchState, {
        stepOfSeries: { "0": scored.length },
        candidates: scored.length,
        trainings: 0,
      });
    while (scored.length < total) {
      if (context.stopRequested) {
        await save();
        return { type: "stopped", step: scored.length };
      }
      const inSearch = scored.length < samples;
      const wanted = Math.min(SCORING_BATCH, (inSearch ? samples : total) - scored.length);
      const proposals = proposalsOf(inSearch ? strategy : baseline, wanted, scored.length > 0);
      if (proposals.length === 0) {
        // A small space is used up before all samples are drawn: what was scored is all there is.
        context.log("warning", `No further cell fits the search space and its limits: ${scored.length} cells were scored instead of ${total}.`);
        if (!inSearch) break;
        samples = scored.length;
        total = samples + search.randomBaseline;
        continue;
      }
      const plans = proposals.map(({ architecture }) => buildPlan(architecture, network, bench.input));
      const results = scorer.score(plans);
      const batch = proposals.map((proposal, i) => candidateOf(proposal, scored.length + i, plans[i], results[i], inSearch ? "none" : "random"));
      if (inSearch)
        strategy.observe(
          batch.map((candidate, i) => ({
            cell: proposals[i]?.cell ?? candidate.architecture.normal,
            canonical: candidate.canonical,
            objectives: objectiveValues(candidate, search.objectives),
          })),
        );
      for (const candidate of batch) {
        scored.push(candidate);
        context.candidate(candidate);
        context.metric("search/score", scored.length, scored.length, candidate.score ?? Number.NaN);
        best = Math.max(best, candidate.score ?? 0);
        context.metric("search/best", scored.length, scored.length, best);
      }
      const lead = proposals[proposals.length - 1];
      if (lead !== undefined) context.current(`Cell ${scored.length}`, lead.architecture);
      throughput.add(batch.length, performance.now() / 1000);
      const secondsLeft = throughput.secondsFor(total - scored.length);
      const speed = throughput.perSecond;
      context.progress({
        phase: inSearch ? "Scoring cells with generated weights" : "Scoring the random baseline",
        step: scored.length,
        totalSteps: total,
        ...(speed === undefined ? {} : { imagesPerSecond: speed * images.count }),
        ...(secondsLeft === undefined ? {} : { secondsLeft }),
      });
      await context.breathe();
      if (context.checkpointDue) await save();
    }
    const ranked = bestFirst(scored.slice(0, samples), search.objectives);
    const shortlist = ranked.slice(0, search.shortlist).map((candidate) => candidate.index);
    const random = scored.slice(samples).map((candidate) => candidate.index);
    await save();
    context.roles(shortlist, random);
    return { type: "done", summary: searchFacts(scored, ranked, search) };
  } finally {
    images.dispose();
    ghn.dispose();
  }
}

/** New cells; none when the space is used up, which is an error only if there is nothing to rank at all. */
function proposalsOf(strategy: SearchStrategy, count: number, mayEnd: boolean): Proposal[] {
  try {
    return strategy.propose(count);
  } catch (error) {
    if (mayEnd && isUserError(error) && error.code === "space-exhausted") return [];
    throw error;
  }
}

/** True for cells within the limits on parameters and multiply-adds. */
function constraint(search: SearchSettings, network: NetworkConfig, input: NetworkInput): (cell: Cell) => boolean {
  const { minParameters, maxParameters, minMultiplyAdds, maxMultiplyAdds } = search;
  if (minParameters === undefined && maxParameters === undefined && minMultiplyAdds === undefined && maxMultiplyAdds === undefined) return () => true;
  return (cell) => {
    const { parameters, multiplyAdds } = buildPlan({ normal: cell }, network, input).counts;
    return (
      parameters >= (minParameters ?? 0) &&
      parameters <= (maxParameters ?? Infinity) &&
      multiplyAdds >= (minMultiplyAdds ?? 0) &&
      multiplyAdds <= (maxMultiplyAdds ?? Infinity)
    );
  };
}

function candidateOf(
  proposal: Proposal,
  index: number,
  plan: { counts: { parameters: number; multiplyAdds: number } } | undefined,
  result: Score | undefined,
  role: "none" | "random",
): CandidateMessage {
  if (plan === undefined || result === undefined) throw new Error("A proposed cell was not scored.");
  return {
    index,
    name: proposal.name ?? (role === "random" ? `Random ${index}` : `Cell ${index}`),
    canonical: proposal.canonical,
    architecture: proposal.architecture satisfies Architecture,
    parameters: plan.counts.parameters,
    multiplyAdds: plan.counts.multiplyAdds,
    // A network whose logits are not finite ranks last, it does not end the search.
    score: Number.isFinite(result.accuracy) ? result.accuracy : 0,
    scoreLoss: Number.isFinite(result.loss) ? result.loss : null,
    role,
    generationMs: result.generationMs,
    evaluationMs: result.evaluationMs,
    ...(Number.isNaN(result.latencyMs) ? {} : { latencyMs: result.latencyMs }),
  };
}

function searchFacts(scored: readonly CandidateMessage[], ranked: readonly CandidateMessage[], search: SearchSettings): Record<string, number | string> {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  const top = ranked.slice(0, search.shortlist);
  return {
    cellsScored: ranked.length,
    randomBaseline: scored.length - ranked.length,
    bestScore: ranked.reduce((best, candidate) => Math.max(best, candidate.score ?? 0), 0),
    meanScore: mean(ranked.map((candidate) => candidate.score ?? 0)),
    meanScoreOfShortlist: mean(top.map((candidate) => candidate.score ?? 0)),
    meanScoreOfRandom: mean(scored.slice(ranked.length).map((candidate) => candidate.score ?? 0)),
    generationMsPerCell: mean(scored.map((candidate) => candidate.generationMs ?? 0)),
    evaluationMsPerCell: mean(scored.map((candidate) => candidate.evaluationMs ?? 0)),
    ...(search.latencyRuns === 0 ? {} : { latencyMsPerCell: mean(scored.map((candidate) => candidate.latencyMs ?? 0)) }),
    ...(search.objectives.length === 1 ? {} : { paretoFront: frontSize(ranked, search.objectives) }),
  };
}
