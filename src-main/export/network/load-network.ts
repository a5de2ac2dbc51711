/** Networks with their values: trained ones from weights files, scored ones from a GHN. */
import type { z } from "zod";
import { anytimeModelSchema } from "../../../src-shared/domain/architecture/anytime.ts";
import { anytimeNetworkSchema } from "../../../src-shared/domain/config/anytime-config.ts";
import type { RunConfig } from "../../../src-shared/domain/config/run-config.ts";
import { type Tensor4D, tf } from "../../engine/backend/index.ts";
import type { NamedArray } from "../../engine/backend/ops/types.ts";
import { readGenerator } from "../../engine/baselines/generator-file.ts";
import { fixedBatches } from "../../engine/evaluation/evaluation.ts";
import type { Workbench } from "../../engine/evaluation/workbench.ts";
import { ANYTIME_WEIGHTS_FORMAT } from "../../engine/formats/anytime-weights.ts";
import type { ExportedNetwork } from "../../engine/formats/exported-network.ts";
import { readSafetensors } from "../../engine/formats/safetensors.ts";
import { WEIGHTS_FILE_FORMAT, weightsManifestSchema } from "../../engine/formats/weights-file.ts";
import { forward } from "../../engine/network/forward.ts";
import type { BuiltPlan } from "../../engine/network/program.ts";
import { RunningStatistics } from "../../engine/network/running-statistics.ts";
import { checkArray, TensorWeights } from "../../engine/network/weights.ts";
import { planOfModel } from "../../engine/spaces/anytime/model.ts";
import { buildPlan } from "../../engine/spaces/cell/plan.ts";
import { spaceOf } from "../../engine/spaces/index.ts";
import { UserError } from "../../lib/errors.ts";

/** A network, and the fingerprint of the images that it was trained on. */
export interface LoadedNetwork {
  readonly network: ExportedNetwork;
  readonly fingerprint: string;
  /** Architecture or reference network, and how it becomes a network; plain JSON. */
  readonly description: { readonly architecture: unknown; readonly network: unknown };
  /** What the weights and the statistics of batch norm are, in words. */
  readonly origin: string;
}

/** Training images from which the statistics of batch norm are taken for generated weights. */
const CALIBRATION_IMAGES = 1000;

const anytimeManifestSchema = weightsManifestSchema.pick({ input: true, normalisation: true, classNames: true, dataset: true }).extend({
  model: anytimeModelSchema,
  network: anytimeNetworkSchema,
});

/** @throws UserError `safetensors-damaged`, `weights-damaged`, `weights-foreign` */
export async function loadTrained(file: string): Promise<LoadedNetwork> {
  const { tensors, metadata } = await readSafetensors(file);
  const { plan, manifest, architecture, config } = planOf(metadata, file);
  const { input, normalisation, classNames, dataset } = manifest;
  try {
    for (const { id, shape } of plan.slots) checkArray(id, tensors.get(id), shape);
    for (const { id, channels } of plan.program.norms) for (const name of [`${id}/mean`, `${id}/variance`]) checkArray(name, tensors.get(name), [channels]);
  } catch (cause) {
    throw damaged(file, cause instanceof Error ? cause.message : String(cause), cause);
  }
  return {
    network: { plan, arrays: tensors, input, normalisation, classNames },
    fingerprint: dataset.fingerprint,
    description: { architecture, network: config },
    origin: "trained from scratch; batch norm uses the running statistics of the training",
  };
}

type Manifest = Pick<z.infer<typeof weightsManifestSchema>, "input" | "normalisation" | "classNames" | "dataset">;

interface Planned {
  readonly plan: BuiltPlan;
  readonly manifest: Manifest;
  readonly architecture: unknown;
  readonly config: unknown;
}

function planOf(metadata: Readonly<Record<string, string>>, file: string): Planned {
  const { format, manifest: text } = metadata;
  if (format !== WEIGHTS_FILE_FORMAT && format !== ANYTIME_WEIGHTS_FORMAT)
    throw new UserError(`${file} does not contain the weights of a network trained by GHN Studio.`, {
      code: "weights-foreign",
      file,
      remedy: "Choose a training of a run; its weights are in the project folder.",
    });
  try {
    const json: unknown = JSON.parse(text ?? "");
    if (format === WEIGHTS_FILE_FORMAT) {
      const manifest = weightsManifestSchema.parse(json);
      const { architecture, network, input } = manifest;
      return { plan: buildPlan(architecture, network, input), manifest, architecture, config: network };
    }
    const manifest = anytimeManifestSchema.parse(json);
    const { model, network, input } = manifest;
    return { plan: planOfModel(model, network, input), manifest, architecture: model.kind === "cells" ? model.architecture : model, config: network };
  } catch (cause) {
    throw damaged(file, "its manifest cannot be read", cause);
  }
}

/**
 * Generates the weights of an architecture as its search did. Scores are measured with the statistics of each batch, which a file cannot hold; the network has the mean
 * statistics of batches of training images instead.
 * @param config of the search
 * @throws UserError when the GHN's file cannot be used
 */
export async function generateNetwork(bench: Workbench, config: RunConfig, ghnFile: string, architectureJson: unknown): Promise<LoadedNetwork> {
  if (config.kind !== "search" && config.kind !== "anytime-search") throw new Error(`A run of kind ${config.kind} has no GHN.`);
  const space = spaceOf(config.kind);
  const architecture = space.parse(architectureJson);
  const plan = space.plan(architecture, config.network, bench.input);
  const { batchSize } = space.searchSettings(config);
  const ghn = await readGenerator(space, ghnFile, config, bench.input);
  try {
    const arrays = new Map<string, NamedArray>();
    tf.tidy(() => {
      const [weights] = ghn.generate([plan]);
      if (weights === undefined) throw new Error("The GHN generated nothing.");
      for (const { id, shape } of plan.slots) {
        const values = weights.get(id)?.dataSync<"float32">();
        if (values === undefined) throw new Error(`The GHN generated no ${id}.`);
        arrays.set(id, { shape, values: Float32Array.from(values) });
      }
      for (const [name, array] of Object.entries(meanStatistics(bench, plan, new TensorWeights(weights), batchSize))) arrays.set(name, array);
    });
    const { mean, std, classNames, fingerprint } = bench.dataset;
    return {
      network: { plan, arrays, input: bench.input, normalisation: { mean, std }, classNames },
      fingerprint,
      description: { architecture, network: config.network },
      origin: `generated by a GHN; batch norm uses the mean statistics of batches of ${batchSize} training images`,
    };
  } finally {
    ghn.dispose();
  }
}

/** Means of the batches' statistics, over up to {@link CALIBRATION_IMAGES} training images. */
function meanStatistics({ backend, trainBatches, split }: Workbench, plan: BuiltPlan, weights: TensorWeights, batchSize: number): Record<string, NamedArray> {
  const zeros = Object.fromEntries(
    plan.program.norms.flatMap(({ id, channels }) =>
      ["mean", "variance"].map((name) => [`${id}/${name}`, { shape: [channels], values: new Float32Array(channels) }] as const),
    ),
  );
  const sums = new Map(Object.entries(zeros).map(([name, { values }]) => [name, new Float64Array(values.length)]));
  let batches = 0;
  for (const batch of fixedBatches(trainBatches, split.train, CALIBRATION_IMAGES, batchSize)) {
    const running = new RunningStatistics(plan);
    try {
      running.import(zeros);
      tf.tidy(() => {
        const images = tf.tensor(batch.images, [...batch.shape]) as Tensor4D;
        forward(plan, backend.ops, weights, images, { statistics: "batch", running });
      });
      batches += 1;
      for (const [name, { values }] of Object.entries(running.export())) {
        const sum = sums.get(name);
        // One update of an average that was zero: a tenth of the batch's value.
        if (sum !== undefined) for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + 10 * (values[i] ?? 0);
      }
    } finally {
      running.dispose();
    }
  }
  return Object.fromEntries([...sums].map(([name, sum]) => [name, { shape: [sum.length], values: Float32Array.from(sum, (value) => value / batches) }]));
}

function damaged(file: string, why: string, cause: unknown): UserError {
  return new UserError(`${file} is damaged: ${why.replace(/\.$/, "")}.`, {
    code: "weights-damaged",
    file,
    remedy: "Train the network again, or restore the file from a copy.",
    cause,
  });
}
