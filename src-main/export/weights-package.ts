/** Weights of a trained network for use in other programs: the unchanged safetensors file, and a manifest that describes it. */
import { createHash } from "node:crypto";
import { open, stat } from "node:fs/promises";
import { z } from "zod";
import { isRecord } from "../../src-shared/domain/is-record.ts";
import { type SplitFacts, textWithComputation } from "../engine/formats/manifest-text.ts";
import { WEIGHTS_FILE_FORMAT, type WeightsManifest, weightsManifestSchema } from "../engine/formats/weights-file.ts";
import { networkData } from "../engine/network/operation-data.ts";
import { programOf } from "../engine/network/program.ts";
import { buildPlan } from "../engine/spaces/cell/plan.ts";
import { UserError } from "../lib/errors.ts";

/** Limits on what is parsed: the header of a weights file, and the sizes that it declares. */
const MAX_HEADER_BYTES = 32 * 2 ** 20;
const MAX_TENSORS = 100_000;

const tensorSchema = z.object({ dtype: z.string().max(10), shape: z.array(z.int().min(0)).max(8), data_offsets: z.tuple([z.int().min(0), z.int().min(0)]) });

export interface TensorEntry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
}

export interface WeightsFileInfo {
  readonly manifest: WeightsManifest;
  /** The tensors in file order. */
  readonly tensors: readonly TensorEntry[];
}

/**
 * Reads manifest and tensor list of a weights file; the values stay on disk.
 * @throws UserError `weights-damaged` or `weights-foreign`
 */
export async function readWeightsInfo(path: string): Promise<WeightsFileInfo> {
  const damaged = (why: string, cause?: unknown): UserError =>
    new UserError(`${path} is damaged: ${why}.`, {
      code: "weights-damaged",
      file: path,
      remedy: "Train the cell again, or restore the file from a copy.",
      ...(cause === undefined ? {} : { cause }),
    });
  const header = await readHeader(path, damaged);
  const { __metadata__: metadata, ...entries } = header;
  const meta = z.record(z.string(), z.string()).safeParse(metadata);
  if (!meta.success || meta.data.format !== WEIGHTS_FILE_FORMAT || meta.data.manifest === undefined)
    throw new UserError(`${path} does not contain the weights of a network trained by GHN Studio.`, {
      code: "weights-foreign",
      file: path,
      remedy: "Choose a training of a run; its weights are in the project folder.",
    });
  let manifest: WeightsManifest;
  try {
    manifest = weightsManifestSchema.parse(JSON.parse(meta.data.manifest)) as WeightsManifest;
  } catch (cause) {
    throw damaged("its manifest cannot be read", cause);
  }
  const list = Object.entries(entries);
  if (list.length > MAX_TENSORS) throw damaged("it claims too many tensors");
  const tensors = list.map(([name, entry]) => {
    const parsed = tensorSchema.safeParse(entry);
    if (!parsed.success) throw damaged(`its entry ${JSON.stringify(name).slice(0, 80)} cannot be read`);
    return { name, ...parsed.data };
  });
  tensors.sort((a, b) => a.data_offsets[0] - b.data_offsets[0]);
  return { manifest, tensors: tensors.map(({ name, dtype, shape }) => ({ name, dtype, shape })) };
}

async function readHeader(path: string, damaged: (why: string, cause?: unknown) => UserError): Promise<Readonly<Record<string, unknown>>> {
  const file = await open(path, "r").catch((cause: unknown) => {
    throw new UserError(`The weights ${path} cannot be opened.`, {
      code: "weights-missing",
      file: path,
      remedy: "Check that the project folder is complete and readable; train the cell again if the file is gone.",
      cause,
    });
  });
  try {
    const { size } = await file.stat();
    const prefix = Buffer.alloc(8);
    if (size < 8 || (await file.read(prefix, 0, 8, 0)).bytesRead < 8) throw damaged("it is too short");
    const length = Number(prefix.readBigUInt64LE());
    if (length < 2 || length > MAX_HEADER_BYTES || length > size - 8) throw damaged("its header has an impossible length");
    const header = Buffer.alloc(length);
    if ((await file.read(header, 0, length, 8)).bytesRead < length) throw damaged("it is too short");
    try {
      const parsed: unknown = JSON.parse(header.toString("utf8"));
      if (!isRecord(parsed)) throw new Error("The header is not an object.");
      return parsed;
    } catch (cause) {
      throw damaged("its header is not valid", cause);
    }
  } finally {
    await file.close();
  }
}

/** SHA-256 in hex and size of a file, read in chunks. */
export async function fileChecksum(path: string): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash("sha256");
  const file = await open(path, "r");
  try {
    for await (const chunk of file.createReadStream({ highWaterMark: 2 ** 20, autoClose: false })) hash.update(chunk as Buffer);
  } finally {
    await file.close();
  }
  return { sha256: hash.digest("hex"), bytes: (await stat(path)).size };
}

/**
 * The manifest of exported weights, as JSON text: everything needed to rebuild the network, to prepare its input and to
 * verify the file. `weightsFile` is the name of the weights file next to the manifest.
 */
export function manifestText(
  info: WeightsFileInfo,
  weightsFile: string,
  checksum: { readonly sha256: string; readonly bytes: number },
  origin: Readonly<Record<string, string>>,
  split: SplitFacts,
): string {
  const { manifest, tensors } = info;
  const { architecture, network, input } = manifest;
  return textWithComputation(
    {
      format: "ghn-studio-weights-manifest",
      version: 1,
      name: manifest.name,
      weights: { file: weightsFile, format: "safetensors", sha256: checksum.sha256, bytes: checksum.bytes },
      architecture: manifest.architecture,
      network: manifest.network,
      input: { ...manifest.input, layout: "NHWC", values: "float32: (byte / 255 - mean) / std, for each channel" },
      normalisation: manifest.normalisation,
      classNames: manifest.classNames,
      dataset: manifest.dataset,
      batchNorm: { epsilon: manifest.batchNormEpsilon, statistics: "running mean and variance, stored beside the weights" },
      parameters: manifest.parameters,
      multiplyAdds: manifest.multiplyAdds,
      validationAccuracy: manifest.validationAccuracy,
      testAccuracy: manifest.testAccuracy,
      seed: manifest.seed,
      split,
      origin,
      howToRead: [
        'docs/exports.md of GHN Studio describes this file; "computation" is everything that the network computes, in order.',
        "The weights are a safetensors file: 8 bytes (little endian) give the length of a JSON header, then the header, then the values. In Python: safetensors.numpy.load_file(name).",
        "Convolution kernels are [height, width, channels in, channels out], depthwise kernels [height, width, channels, 1], the classifier [features, classes].",
        "Tensor names say block, node and part: block3/node5/... is operation node 5 of the fourth block; nodes 0 and 1 are its inputs.",
        "A node sums its operation over all its inputs, with the same weights; the cell's output is the concatenation of its output nodes in ascending order.",
      ],
      tensors,
    },
    networkData(programOf(buildPlan(architecture, network, input)), manifest.batchNormEpsilon),
  );
}
