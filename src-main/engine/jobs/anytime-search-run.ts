import { rangeWords } from "../../../src-shared/analysis/curves/anytime-curve.ts";
import type { AnytimeArchitecture } from "../../../src-shared/domain/architecture/anytime.ts";
import type { AnytimeSearchRun } from "../../../src-shared/domain/config/anytime-config.ts";
import type { AnytimeCandidateMessage, AreaRange } from "../../../src-shared/domain/records/anytime-records.ts";
import { UserError } from "../../lib/errors.ts";
import { EvaluationSet } from "../evaluation/scoring.ts";
import type { Workbench } from "../evaluation/workbench.ts";
import { Rng, type RngState } from "../random.ts";
import { type AnytimeScore, AnytimeScorer } from "../search/anytime-scoring.ts";
import { compareCandidates } from "../search/ranking.ts";
import { canonicalAnytime } from "../spaces/anytime/canonical.ts";
import type { AnytimePlan } from "../spaces/anytime/exit-plan.ts";
import { buildAnytimePlan } from "../spaces/anytime/plan.ts";
import { sampleAnytime } from "../spaces/anytime/sampler.ts";
import type { Checkpoint } from "../training/checkpoint.ts";
import { readAnytimeGhn } from "./anytime-ghn-run.ts";
import type { AnytimeRunContext } from "./anytime-run-context.ts";
import type { RunEnd, RunFacts } from "./run-context.ts";
import { Throughput } from "./timing.ts";

/** Networks whose weights are generated in one go. */
const SCORING_BATCH = 4;
/** Attempts to find one more new network within the limits before the space counts as used up. */
const MAX_ATTEMPTS = 20_000;

interface SearchState {
  readonly scored: readonly AnytimeCandidateMessage[];
  /** Networks that the search is to score; fewer than asked for once the space is used up. */
  readonly samples: number;
  readonly search: RngState;
  readonly baseline: RngState;
}

interface Proposal {
  readonly architecture: AnytimeArchitecture;
  readonly canonical: string;
  readonly plan: AnytimePlan;
}

/**
 * Ranks networks of the anytime space by the area under the curve that generated weights predict (paper, section 3.2): distinct random networks, a shortlist, and a random
 * baseline beside it, drawn apart from the same space under the same limits.
 */
export async function runAnytimeSearch(
  bench: Workbench,
  config: AnytimeSearchRun,
  ghnFile: string,
  context: AnytimeRunContext,
  checkpoint: Checkpoint | null,
): Promise<RunEnd> {
  const { search, space, network } = config;
  const ghn = await readAnytimeGhn(ghnFile, space, network, bench.input);
  const images = new EvaluationSet(bench.trainBatches, bench.split.validation, search.validationImages, search.batchSize);
  const range: AreaRange = { maxBudget: search.maxBudget, chance: 1 / bench.input.classes };
  const scorer = new AnytimeScorer(bench.backend.ops, ghn, images, range);
  try {
    const saved = (checkpoint?.state ?? null) as SearchState | null;
    const scored: AnytimeCandidateMessage[] = [...(saved?.scored ?? [])];
    let samples = saved?.samples ?? search.samples;
    let total = samples + search.randomBaseline;
    const forms = (from: number, to?: number): Set<string> => new Set(scored.slice(from, to).map(({ canonical }) => canonical));
    const drawn = new Proposer(bench, config, saved === null ? Rng.fromSeed(config.seed, "search") : Rng.fromState(saved.search), forms(0, samples));
    const baseline = new Proposer(bench, config, saved === null ? Rng.fromSeed(config.seed, "random-baseline") : Rng.fromState(saved.baseline), forms(samples));
    const throughput = new Throughput(performance.now() / 1000);
    let best = scored.slice(0, samples).reduce((top, { score }) => Math.max(top, score), 0);
    const save = (): Promise<void> =>
      context.saveCheckpoint(scored.length, new Map(), { scored, samples, search: drawn.state(), baseline: baseline.state() } satisfies SearchState, {
        stepOfSeries: { "0": scored.length },
        candidates: scored.length,
        trainings: 0,
      });
    context.log("info", `Networks are ranked by their area over ${rangeWords({ maxMultiplyAdds: range.maxBudget, chance: range.chance })}.`);
    while (scored.length < total) {
      if (context.stopRequested) {
        await save();
        return { type: "stopped", step: scored.length };
      }
      const inSearch = scored.length < samples;
      const proposals = (inSearch ? drawn : baseline).propose(Math.min(SCORING_BATCH, (inSearch ? samples : total) - scored.length));
      if (proposals.length === 0) {
        if (scored.length === 0) throw exhausted();
        context.log("warning", `No further network fits the space and its limits: ${scored.length} were scored instead of ${total}.`);
        if (!inSearch) break;
        samples = scored.length;
        total = samples + search.randomBaseline;
        continue;
      }
      const results = scorer.score(proposals.map(({ plan }) => plan));
      for (const [i, proposal] of proposals.entries()) {
        const candidate = candidateOf(proposal, results[i], scored.length, inSearch ? "none" : "random", range);
        scored.push(candidate);
        context.anytimeCandidate(candidate);
        if (inSearch) best = Math.max(best, candidate.score);
        context.metric("search/score", scored.length, scored.length, candidate.score);
        context.metric("search/best", scored.length, scored.length, best);
      }
      throughput.add(proposals.length, performance.now() / 1000);
      const secondsLeft = throughput.secondsFor(total - scored.length);
      const speed = throughput.perSecond;
      context.progress({
        phase: inSearch ? "Scoring networks with generated weights" : "Scoring the random baseline",
        step: scored.length,
        totalSteps: total,
        ...(speed === undefined ? {} : { imagesPerSecond: speed * images.count }),
        ...(secondsLeft === undefined ? {} : { secondsLeft }),
      });
      await context.breathe();
      if (context.checkpointDue) await save();
    }
    const ranked = scored.slice(0, samples).sort(compareCandidates);
    await save();
    context.roles(
      ranked.slice(0, search.shortlist).map(({ index }) => index),
      scored.slice(samples).map(({ index }) => index),
    );
    return { type: "done", summary: facts(ranked, scored.slice(samples), search.shortlist, range) };
  } finally {
    images.dispose();
    ghn.dispose();
  }
}

/** Draws distinct networks within the limits. */
class Proposer {
  private readonly bench: Workbench;
  private readonly config: AnytimeSearchRun;
  private readonly rng: Rng;
  private readonly seen: Set<string>;

  /** @param seen canonical forms that are never proposed */
  constructor(bench: Workbench, config: AnytimeSearchRun, rng: Rng, seen: Set<string>) {
    this.bench = bench;
    this.config = config;
    this.rng = rng;
    this.seen = seen;
  }

  /** Up to `count` new networks; fewer once nothing new is found any more. */
  propose(count: number): Proposal[] {
    const proposals: Proposal[] = [];
    for (let attempt = 0; proposals.length < count && attempt < MAX_ATTEMPTS; attempt++) {
      const architecture = sampleAnytime(this.config.space, this.rng);
      const canonical = canonicalAnytime(architecture);
      if (this.seen.has(canonical)) continue;
      this.seen.add(canonical);
      const plan = buildAnytimePlan(architecture, this.config.network, this.bench.input);
      const { minMultiplyAdds = 0, maxMultiplyAdds = Infinity } = this.config.search;
      if (plan.counts.multiplyAdds < minMultiplyAdds || plan.counts.multiplyAdds > maxMultiplyAdds) continue;
      proposals.push({ architecture, canonical, plan });
    }
    return proposals;
  }

  state(): RngState {
    return this.rng.state();
  }
}

function candidateOf(proposal: Proposal, result: AnytimeScore | undefined, index: number, role: "none" | "random", range: AreaRange): AnytimeCandidateMessage {
  if (result === undefined) throw new Error("A proposed network was not scored.");
  return {
    index,
    name: role === "random" ? `Random ${index}` : `Network ${index}`,
    canonical: proposal.canonical,
    architecture: proposal.architecture,
    parameters: proposal.plan.counts.parameters,
    multiplyAdds: proposal.plan.counts.multiplyAdds,
    score: result.area,
    scoreLoss: Number.isFinite(result.loss) ? result.loss : null,
    exits: result.exits,
    role,
    generationMs: result.generationMs,
    evaluationMs: result.evaluationMs,
    ...range,
  };
}

function exhausted(): UserError {
  return new UserError("No network of the anytime space keeps the limits on multiply-adds.", {
    code: "limits-too-narrow",
    remedy: "Widen the limits, or change the channels of the network.",
    field: "search.maxMultiplyAdds",
  });
}

function facts(ranked: readonly AnytimeCandidateMessage[], random: readonly AnytimeCandidateMessage[], shortlist: number, range: AreaRange): RunFacts {
  const mean = (list: readonly AnytimeCandidateMessage[], value: (candidate: AnytimeCandidateMessage) => number): number =>
    list.reduce((sum, candidate) => sum + value(candidate), 0) / Math.max(1, list.length);
  const all = [...ranked, ...random];
  return {
    cellsScored: ranked.length,
    randomBaseline: random.length,
    bestScore: ranked[0]?.score ?? 0,
    meanScore: mean(ranked, ({ score }) => score),
    meanScoreOfShortlist: mean(ranked.slice(0, shortlist), ({ score }) => score),
    meanScoreOfRandom: mean(random, ({ score }) => score),
    generationMsPerCell: mean(all, ({ generationMs }) => generationMs ?? 0),
    evaluationMsPerCell: mean(all, ({ evaluationMs }) => evaluationMs ?? 0),
    maxBudget: range.maxBudget,
    chance: range.chance,
  };
}
