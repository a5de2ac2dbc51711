import { z } from "zod";
import type { AnytimeArchitecture } from "../../../src-shared/domain/architecture/anytime.ts";
import type { NetworkInput } from "../../../src-shared/domain/architecture/network.ts";
import {
  type AnytimeGhnRun,
  type AnytimeNetwork,
  type AnytimeSpace,
  anytimeNetworkSchema,
  anytimeSpaceSchema,
} from "../../../src-shared/domain/config/anytime-config.ts";
import { ghnConfigSchema } from "../../../src-shared/domain/config/run-config.ts";
import { UserError } from "../../lib/errors.ts";
import { countCorrect } from "../backend/ops/gradients.ts";
import type { Scalar, Tensor, Tensor1D, Tensor4D } from "../backend/ops/tf.ts";
import { EvaluationSet } from "../evaluation/scoring.ts";
import type { Workbench } from "../evaluation/workbench.ts";
import { readSafetensors } from "../formats/safetensors.ts";
import { forward } from "../network/forward.ts";
import type { NetworkPlan } from "../network/plan-types.ts";
import { TensorWeights } from "../network/weights.ts";
import { Rng } from "../random.ts";
import { AnytimeScorer } from "../search/anytime-scoring.ts";
import { canonicalAnytime } from "../spaces/anytime/canonical.ts";
import { AnytimeHyperNetwork } from "../spaces/anytime/hypernetwork.ts";
import { buildAnytimePlan } from "../spaces/anytime/plan.ts";
import { randomNodeCounts, sampleAnytime } from "../spaces/anytime/sampler.ts";
import type { Checkpoint } from "../training/checkpoint.ts";
import type { GhnTask } from "../training/ghn-trainer.ts";
import { trainGhn } from "./ghn-training-run.ts";
import type { RunContext, RunEnd } from "./run-context.ts";

/** Marks a safetensors file with a GHN of the anytime space. */
export const ANYTIME_GHN_FORMAT = "ghn-studio-anytime-ghn";

const size = z.int().min(1).max(100_000);
const manifestSchema = z.object({
  ghn: ghnConfigSchema,
  space: anytimeSpaceSchema,
  network: anytimeNetworkSchema,
  input: z.object({ height: size, width: size, channels: size, classes: size }),
});

/** Trains a GHN on the anytime space. */
export function runAnytimeGhn(bench: Workbench, config: AnytimeGhnRun, context: RunContext, checkpoint: Checkpoint | null): Promise<RunEnd> {
  requireGraph(config);
  const { ghn, space, network } = config;
  const metadata = { format: ANYTIME_GHN_FORMAT, config: JSON.stringify({ ghn, space, network, input: bench.input } satisfies z.input<typeof manifestSchema>) };
  return trainGhn(bench, config, new AnytimeGhnTask(bench, config), metadata, context, checkpoint);
}

function requireGraph({ ghn }: AnytimeGhnRun): void {
  if (ghn.generator === "graph") return;
  throw new UserError(`The anytime space has no "${ghn.generator}" generator: edge activations come from a graph hypernetwork.`, {
    code: "ghn-generator",
    field: "ghn.generator",
    remedy: 'Set ghn.generator to "graph".',
  });
}

/** A GHN learning the anytime space: networks with random numbers of nodes, the mean of the exits' cross-entropies; validated by the area under the curve. */
export class AnytimeGhnTask implements GhnTask {
  readonly ghn: AnytimeHyperNetwork;
  readonly lastArchitecture = null;
  private readonly bench: Workbench;
  private readonly config: AnytimeGhnRun;
  private readonly unseen: readonly AnytimeArchitecture[];
  private readonly unseenForms: ReadonlySet<string>;
  private readonly validationImages: EvaluationSet;

  constructor(bench: Workbench, config: AnytimeGhnRun) {
    this.bench = bench;
    this.config = config;
    const { training, seed, space, ghn, network } = config;
    this.ghn = new AnytimeHyperNetwork(ghn, space, network, bench.input, Rng.fromSeed(seed, "ghn-init"));
    const rng = Rng.fromSeed(seed, "validation-cells");
    this.unseen = Array.from({ length: training.validationCells }, () => sampleAnytime(space, rng));
    this.unseenForms = new Set(this.unseen.map(canonicalAnytime));
    this.validationImages = new EvaluationSet(bench.trainBatches, bench.split.validation, training.validationImages, 250);
  }

  next(cells: Rng): NetworkPlan {
    let architecture = this.draw(cells);
    // In a tiny space everything may be held back; then the last draw is taken.
    for (let i = 0; i < 100 && this.unseenForms.has(canonicalAnytime(architecture)); i++) architecture = this.draw(cells);
    return buildAnytimePlan(architecture, this.config.network, this.bench.input);
  }

  loss(plan: NetworkPlan, weights: ReadonlyMap<string, Tensor>, images: Tensor4D, labels: Tensor1D): { loss: Scalar; correct: Scalar } {
    const { ops } = this.bench.backend;
    const { exitLogits = [] } = forward(plan, ops, new TensorWeights(weights), images, { statistics: "batch" });
    const mean = (list: Scalar[]): Scalar => ops.addN(list).div(list.length).asScalar();
    return {
      loss: mean(exitLogits.map((logits) => ops.softmaxCrossEntropy(logits, labels).mean().asScalar())),
      correct: mean(exitLogits.map((logits) => countCorrect(logits, labels))),
    };
  }

  validate(): { accuracy: number; loss: number } {
    const { network, training } = this.config;
    const range = { maxBudget: training.maxBudget, chance: 1 / this.bench.input.classes };
    const scorer = new AnytimeScorer(this.bench.backend.ops, this.ghn, this.validationImages, range);
    const results = this.unseen.flatMap((architecture) => scorer.score([buildAnytimePlan(architecture, network, this.bench.input)]));
    const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
    return { accuracy: mean(results.map(({ area }) => area)), loss: mean(results.map(({ loss }) => loss)) };
  }

  dispose(): void {
    this.validationImages.dispose();
    this.ghn.dispose();
  }

  private draw(cells: Rng): AnytimeArchitecture {
    const { space, training } = this.config;
    return sampleAnytime(space, cells, training.randomNodes ? randomNodeCounts(space, cells) : space.nodes);
  }
}

/**
 * Reads a GHN of the anytime space. The caller disposes it.
 * @throws UserError when the file is missing, damaged or no such GHN, or when it was trained for other networks or images
 */
export async function readAnytimeGhn(file: string, space: AnytimeSpace, network: AnytimeNetwork, input: NetworkInput): Promise<AnytimeHyperNetwork> {
  const { tensors, metadata } = await readSafetensors(file);
  if (metadata["format"] !== ANYTIME_GHN_FORMAT)
    throw new UserError(`The file ${file} holds no GHN of the anytime space.`, {
      code: "ghn-foreign",
      remedy: "Choose the file that an anytime-ghn run left.",
      file,
    });
  const manifest = parseManifest(metadata["config"], file);
  const differs = (field: string, there: unknown, here: unknown): void => {
    if (JSON.stringify(there) === JSON.stringify(here)) return;
    throw new UserError(`The GHN was trained for another space: ${field} is ${JSON.stringify(there)} there and ${JSON.stringify(here)} here.`, {
      code: "ghn-mismatch",
      remedy: "Use the settings and images that the GHN was trained with, or train another GHN.",
      field,
      file,
    });
  };
  differs("network.initialChannels", manifest.network.initialChannels, network.initialChannels);
  differs("space.scales", manifest.space.scales, space.scales);
  // It serves cells of any number of nodes, but as many cells as it was made for.
  differs("space.nodes", manifest.space.nodes.length, space.nodes.length);
  for (const field of ["height", "width", "channels", "classes"] as const) differs("dataset", manifest.input[field], input[field]);
  const ghn = new AnytimeHyperNetwork(manifest.ghn, space, network, input, null);
  try {
    ghn.importWeights(Object.fromEntries(tensors));
    return ghn;
  } catch (error) {
    ghn.dispose();
    throw error;
  }
}

function parseManifest(text: string | undefined, file: string): z.output<typeof manifestSchema> {
  try {
    return manifestSchema.parse(JSON.parse(text ?? ""));
  } catch (cause) {
    throw new UserError(`The file ${file} is damaged: the configuration of its GHN cannot be read.`, {
      code: "ghn-damaged",
      remedy: "Use another copy of the file, or train the GHN again.",
      file,
      cause,
    });
  }
}
