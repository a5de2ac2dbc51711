import { isRecord } from "../../../src-shared/domain/is-record.ts";
import { UserError } from "../../lib/errors.ts";
import { BATCH_NORM_EPSILON } from "../network/forward.ts";
import type { NetworkData } from "../network/operation-data.ts";
import { type SplitFacts, textWithComputation } from "./manifest-text.ts";
import { readSafetensors } from "./safetensors.ts";

/** Marks a safetensors file with the weights of one trained network with several exits; its metadata entry `manifest` contains the record of the training and how to prepare images. */
export const ANYTIME_WEIGHTS_FORMAT = "ghn-studio-anytime-weights";

/**
 * The manifest of exported weights, as JSON text: the network, its exits with multiply-adds and accuracies, how to prepare its input, and the tensors.
 * @param computationOf the network of the file's record; may throw any error if the record is damaged
 * @param weightsFile name of the weights file next to the manifest
 * @throws UserError `safetensors-damaged`, `weights-foreign`, `weights-damaged`
 */
export async function anytimeManifestText(
  path: string,
  weightsFile: string,
  checksum: { readonly sha256: string; readonly bytes: number },
  origin: Readonly<Record<string, string>>,
  split: SplitFacts,
  computationOf: (record: Readonly<Record<string, unknown>>) => NetworkData,
): Promise<string> {
  const { tensors, metadata } = await readSafetensors(path);
  if (metadata["format"] !== ANYTIME_WEIGHTS_FORMAT)
    throw new UserError(`${path} does not contain the weights of a network with several exits trained by GHN Studio.`, {
      code: "weights-foreign",
      file: path,
      remedy: "Choose a training of an anytime-training run; its weights are in the project folder.",
    });
  const { record, computation } = recordOf(path, metadata["manifest"], computationOf);
  return textWithComputation(
    {
      format: "ghn-studio-anytime-weights-manifest",
      weights: { file: weightsFile, format: "safetensors", sha256: checksum.sha256, bytes: checksum.bytes },
      ...record,
      batchNorm: { epsilon: BATCH_NORM_EPSILON, statistics: "running mean and variance, stored beside the weights" },
      split,
      origin,
      howToRead: [
        'docs/exports.md of GHN Studio describes this file; "computation" is everything that the network computes, in order.',
        "Images are NHWC float32, (byte / 255 - mean) / std for each channel. Convolution kernels are [height, width, channels in, channels out].",
        "Tensor names say cell, node and part: cell0/node5/bottleneck/conv takes the concatenated inputs of node 5 of the first cell to its channels.",
        "Inputs of another scale are average-pooled or upsampled (nearest), rectified, and concatenated in the order of `inputs`. An exit is ReLU, global average pooling, linear.",
        "`exits` are in the order in which they are computed; multiply-adds are those spent by then.",
      ],
      tensors: [...tensors].map(([name, { shape }]) => ({ name, dtype: "F32", shape })),
    },
    computation,
  );
}

interface Recorded {
  readonly record: Readonly<Record<string, unknown>>;
  readonly computation: NetworkData;
}

/** The record in a file's metadata, with its network. @throws UserError `weights-damaged` */
function recordOf(path: string, text: string | undefined, computationOf: (record: Recorded["record"]) => NetworkData): Recorded {
  try {
    if (text === undefined) throw new Error("The file has no manifest.");
    const record: unknown = JSON.parse(text);
    if (!isRecord(record)) throw new Error("The manifest is not an object.");
    return { record, computation: computationOf(record) };
  } catch (cause) {
    throw new UserError(`${path} is damaged: its manifest cannot be read.`, {
      code: "weights-damaged",
      file: path,
      remedy: "Train the network again, or restore the file from a copy.",
      cause,
    });
  }
}
