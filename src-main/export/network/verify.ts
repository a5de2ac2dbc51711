/** Runs exported models on test images and compares their answers with the studio's. */
import type { Verification } from "../../../src-shared/domain/records/exports.ts";
import type { Backend } from "../../engine/backend/index.ts";
import { type Tensor4D, tf } from "../../engine/backend/ops/tf.ts";
import { outputsOf } from "../../engine/evaluation/output-counter.ts";
import type { TrainingBench } from "../../engine/evaluation/workbench.ts";
import type { ExportedNetwork } from "../../engine/formats/exported-network.ts";
import type { OnnxOptions } from "../../engine/formats/onnx/model.ts";
import { forward } from "../../engine/network/forward.ts";
import { RunningStatistics } from "../../engine/network/running-statistics.ts";
import { VariableWeights } from "../../engine/network/weights.ts";
import { Rng } from "../../engine/random.ts";
import { UserError } from "../../lib/errors.ts";
import { openOnnxJudge } from "./onnx-judge.ts";

/** Most bytes of images that a check keeps in memory. */
const IMAGE_BYTES = 256 * 2 ** 20;
/** Largest difference of a logit or probability, relative to the largest absolute logit of the batch, or to 1 if that is larger. */
const TOLERANCE = 1e-4;

/** Test images with the studio's answers. */
export interface ReferenceAnswers {
  readonly batches: readonly ReferenceBatch[];
  readonly images: number;
  /** Whether these are all test images. */
  readonly complete: boolean;
}

interface ReferenceBatch {
  /** Normalised, [count, height, width, channels]. */
  readonly images: Float32Array;
  readonly labels: Int32Array;
  readonly count: number;
  /** Of each output, [count, classes]. */
  readonly logits: readonly Float32Array[];
}

/** Stops the visit of evaluation images. */
class Enough extends Error {}

/** The studio's answers for the first test images, with running statistics. @param limit number of images */
export async function referenceAnswers(bench: TrainingBench, network: ExportedNetwork, limit: number): Promise<ReferenceAnswers> {
  const { height, width, channels } = network.input;
  const most = Math.max(1, Math.min(limit, Math.floor(IMAGE_BYTES / (4 * height * width * channels))));
  const set = bench.testImages();
  const compute = studioNetwork(bench.backend, network);
  const batches: ReferenceBatch[] = [];
  let images = 0;
  try {
    await set.each((x, y) => {
      const count = Math.min(x.shape[0], most - images);
      if (count <= 0) throw new Enough();
      tf.tidy(() => {
        const part = tf.slice(x, [0, 0, 0, 0], [count, height, width, channels]);
        const labels = Int32Array.from(y.dataSync().subarray(0, count));
        batches.push({ images: Float32Array.from(part.dataSync()), labels, count, logits: compute.logits(part) });
      });
      images += count;
    });
  } catch (error) {
    if (!(error instanceof Enough)) throw error;
  } finally {
    set.dispose();
    compute.dispose();
  }
  return { batches, images, complete: images === set.count };
}

function studioNetwork(backend: Backend, { plan, arrays }: ExportedNetwork): { logits(images: Tensor4D): readonly Float32Array[]; dispose(): void } {
  const named = Object.fromEntries(arrays);
  const weights = new VariableWeights(plan, Rng.fromSeed(0, "export"));
  const running = new RunningStatistics(plan);
  weights.import(named);
  running.import(named);
  return {
    logits: (images) => outputsOf(forward(plan, backend.ops, weights, images, { statistics: "running", running })).map((x) => Float32Array.from(x.dataSync())),
    dispose() {
      weights.dispose();
      running.dispose();
    },
  };
}

/**
 * Runs an ONNX file on the images of the reference.
 * @throws UserError `export-unverified` when ONNX Runtime refuses the file or its answers differ
 */
export async function verifyOnnx(file: string, network: ExportedNetwork, options: OnnxOptions, reference: ReferenceAnswers): Promise<Verification> {
  const { classes } = network.input;
  const outputs = reference.batches[0]?.logits.length ?? 0;
  if (outputs === 0) return { outcome: "unchecked", reason: "The dataset has no test images." };
  const judge = await openOnnxJudge(file, network.input, outputs, options).catch((cause: unknown) => {
    throw unverified(`ONNX Runtime cannot load it: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  });
  if ("reason" in judge) return { outcome: "unchecked", reason: judge.reason };
  let [largestDifference, agreeing] = [0, 0];
  let differs = false;
  const correct = new Array<number>(outputs).fill(0);
  try {
    for (const batch of reference.batches) {
      const raw = options.preprocessing === "raw";
      const answers = await judge.run(raw ? pixelsOf(batch.images, network) : channelsFirst(batch.images, network), batch.count);
      batch.logits.forEach((own, output) => {
        const theirs = answers[output] ?? new Float32Array(0);
        const wanted = raw ? softmax(own, classes) : own;
        const difference = greatestDifference(theirs, wanted);
        const scale = raw ? 1 : own.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
        // Also true where a value is not a number.
        if (!(difference <= TOLERANCE * scale)) differs = true;
        largestDifference = Math.max(largestDifference, difference);
        for (let i = 0; i < batch.count; i++) {
          const chosen = highest(theirs, i, classes);
          if (chosen === batch.labels[i]) correct[output] = (correct[output] ?? 0) + 1;
          if (output === outputs - 1 && chosen === highest(own, i, classes)) agreeing += 1;
        }
      });
    }
  } finally {
    await judge.close();
  }
  const { images, complete } = reference;
  if (differs)
    throw unverified(
      `${judge.name} agrees on ${agreeing} of ${images} images only, and values differ by up to ${Number.isFinite(largestDifference) ? largestDifference.toExponential(1) : "infinity"}`,
    );
  return { outcome: "agrees", judge: judge.name, images, agreeing, largestDifference, accuracies: correct.map((count) => count / images), complete };
}

function unverified(why: string, cause?: unknown): UserError {
  return new UserError(`The ONNX file does not compute what the studio computes, so it was not written: ${why}.`, {
    code: "export-unverified",
    remedy: "Report this with the exported cell and the output of ghn-studio doctor. To write the file regardless, disable the check (--no-verify).",
    ...(cause === undefined ? {} : { cause }),
  });
}

function channelsFirst(images: Float32Array, { input: { height, width, channels } }: ExportedNetwork): Float32Array {
  const result = new Float32Array(images.length);
  const pixels = height * width;
  const count = images.length / (pixels * channels);
  for (let n = 0; n < count; n++)
    for (let pixel = 0; pixel < pixels; pixel++)
      for (let c = 0; c < channels; c++) result[(n * channels + c) * pixels + pixel] = images[(n * pixels + pixel) * channels + c] ?? 0;
  return result;
}

/** The bytes that normalised images were made from. */
function pixelsOf(images: Float32Array, { input: { channels }, normalisation: { mean, std } }: ExportedNetwork): Uint8Array {
  return Uint8Array.from(images, (value, i) => Math.round(255 * (value * (std[i % channels] ?? 1) + (mean[i % channels] ?? 0))));
}

function softmax(logits: Float32Array, classes: number): Float32Array {
  const result = new Float32Array(logits.length);
  for (let row = 0; row < logits.length; row += classes) {
    const own = logits.subarray(row, row + classes);
    const most = own.reduce((a, b) => Math.max(a, b), -Infinity);
    const sum = own.reduce((total, value) => total + Math.exp(value - most), 0);
    for (let i = 0; i < classes; i++) result[row + i] = Math.exp((own[i] ?? 0) - most) / sum;
  }
  return result;
}

/** Infinity if the lengths differ or a value is not finite. */
function greatestDifference(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Infinity;
  let most = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs((a[i] ?? Number.NaN) - (b[i] ?? Number.NaN));
    if (!(difference <= most)) most = Number.isFinite(difference) ? difference : Infinity;
  }
  return most;
}

function highest(values: Float32Array, row: number, classes: number): number {
  let best = 0;
  for (let i = 1; i < classes; i++) if ((values[row * classes + i] ?? -Infinity) > (values[row * classes + best] ?? -Infinity)) best = i;
  return best;
}
