/** Exports: what can be exported, in which formats, and the files that were written. */
import { z } from "zod";
import { runIdSchema } from "./run.ts";

export interface ExportChoice {
  readonly format:
    | "cell-json"
    | "cell-genotype"
    | "cell-svg"
    | "cell-png"
    | "cell-dot"
    | "weights-safetensors"
    | "onnx"
    | "pytorch"
    | "config-json"
    | "candidates-csv";
  readonly title: string;
  readonly description: string;
  /** Size if known before writing. */
  readonly bytes: number | null;
  readonly available: boolean;
  readonly reason: string | null;
}

export interface ExportedFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly format: string;
  /** Files that another program runs: the result of running them; absent where this was not asked for. */
  readonly verification?: Verification;
}

/** An exported network, run by another program on test images. A file whose answers differ is never written. */
export type Verification =
  | {
      readonly outcome: "agrees";
      /** Name and version of the other program. */
      readonly judge: string;
      readonly images: number;
      /** Images for which both programs choose the same class, at the last exit. */
      readonly agreeing: number;
      /** Largest absolute difference of a logit, or of a probability, over all images and outputs. */
      readonly largestDifference: number;
      /** Accuracy of each output as the other program computes it, 0 to 1. */
      readonly accuracies: readonly number[];
      /** Whether these are all test images of the dataset. */
      readonly complete: boolean;
    }
  | { readonly outcome: "unchecked"; readonly reason: string };

/** Result of a check, as a sentence. */
export function verificationSentence(verification: Verification): string {
  if (verification.outcome === "unchecked") return `Not verified: ${verification.reason}`;
  const { judge, images, agreeing, largestDifference, accuracies } = verification;
  const accuracy = accuracies.map((share) => `${(100 * share).toFixed(2)} %`).join(", ");
  return `${judge.split(" ")[0]} agrees on ${agreeing} of ${images} images; largest difference ${largestDifference.toExponential(1)}, accuracy ${accuracy}.`;
}

/** Range of ONNX operator sets that can be written. */
export const OPSETS = { first: 13, last: 21 } as const;
/** ONNX input and output: images that are normalised already, or pixels from 0 to 255. */
export const PREPROCESSING = ["normalised", "raw"] as const;
/** Most test images that an exported network can be checked on. */
export const MAX_VERIFY_IMAGES = 1_000_000;

/** How networks are exported. Defaults: for use by other programs that prepare images themselves. */
export const exportOptionsSchema = z.strictObject({
  /** Networks: the weights that a GHN generates for the cell, even if it was trained from scratch. */
  generatedWeights: z.boolean().default(false),
  /** ONNX operator set. */
  opset: z.int().min(OPSETS.first).max(OPSETS.last).default(17),
  /** ONNX: whether batch norm becomes part of the convolutions before it. */
  foldBatchNorm: z.boolean().default(true),
  /** ONNX: `normalised` images in and logits out, or `raw` pixels from 0 to 255 in and probabilities out. */
  preprocessing: z.enum(PREPROCESSING).default("normalised"),
  /** Test images that exported networks are checked on, at most; 0 for no check. */
  verifyImages: z.int().min(0).max(MAX_VERIFY_IMAGES).default(1000),
});
export type ExportOptions = z.infer<typeof exportOptionsSchema>;
export const EXPORT_DEFAULTS: ExportOptions = exportOptionsSchema.parse({});

/** Candidates and trainings of each search space are numbered separately. */
const space = z.enum(["cell", "anytime"]).default("cell");

export const exportSubjectSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("candidate"), space, candidateId: z.int().min(0) }),
  z.strictObject({ type: z.literal("training"), space, trainingId: z.int().min(0) }),
  z.strictObject({ type: z.literal("run"), runId: runIdSchema }),
]);

export type ExportSubject = z.infer<typeof exportSubjectSchema>;
