import { z } from "zod";
import { type Architecture, type NetworkConfig, type NetworkInput, networkConfigSchema } from "../../../src-shared/domain/architecture/network.ts";
import type { AnyOperationName } from "../../../src-shared/domain/architecture/operations.ts";
import { type SearchSpace, searchSpaceSchema } from "../../../src-shared/domain/architecture/search-space.ts";
import { ghnConfigSchema } from "../../../src-shared/domain/config/run-config.ts";
import { UserError } from "../../lib/errors.ts";
import { readSafetensors } from "../formats/safetensors.ts";
import type { WeightGenerator } from "../ghn/weight-generator.ts";
import { createGenerator, type GeneratorCells } from "./generators.ts";

/** Marks a safetensors file with a trained generator; its metadata entry `config` holds a {@link GhnManifest} as JSON. */
export const GHN_FILE_FORMAT = "ghn-studio-ghn";

const size = z.int().min(1).max(100_000);

const manifestSchema = z.object({
  ghn: ghnConfigSchema,
  network: networkConfigSchema,
  input: z.object({ height: size, width: size, channels: size, classes: size }),
  /** Nodes N of the cells that it was trained on. */
  trainingNodes: z.int().min(1),
  /** Search space of the training. A one-shot supernet serves only this space, a SMASH-style hypernetwork none with more nodes. */
  space: searchSpaceSchema.optional(),
});

/** What a generator was made for. */
export type GhnManifest = z.infer<typeof manifestSchema>;

/**
 * Reads a trained generator: a GHN or a baseline in its place. The caller disposes it.
 *
 * @param space search space of the cells to be scored
 * @param cells the cells to be scored, if they are not drawn from `space`
 * @throws UserError when the file is missing, damaged or not a GHN file, or when its generator was trained for other networks, images or cells
 */
export async function readGhnFile(
  file: string,
  network: NetworkConfig,
  input: NetworkInput,
  space: SearchSpace,
  cells: readonly { readonly architecture: Architecture }[] = [],
): Promise<WeightGenerator> {
  const { tensors, metadata } = await readSafetensors(file);
  if (metadata["format"] !== GHN_FILE_FORMAT) {
    throw new UserError(`The file ${file} does not contain a GHN.`, { code: "ghn-foreign", remedy: "Choose the file that a GHN training has written.", file });
  }
  const manifest = parseManifest(metadata["config"], file);
  checkSame(manifest.network, network, "network", file);
  checkSame(manifest.input, input, "input", file);
  const served = servedCells(manifest, space);
  checkServed(manifest, served, requiredCells(space, cells), file);
  const generator = createGenerator(manifest.ghn, network, input, null, served);
  try {
    generator.importWeights(Object.fromEntries(tensors));
    return generator;
  } catch (error) {
    generator.dispose();
    throw error;
  }
}

/** Largest size and all operations of the cells to be scored. */
interface RequiredCells {
  readonly nodes: number;
  readonly operations: readonly AnyOperationName[];
}

function requiredCells(space: SearchSpace, cells: readonly { readonly architecture: Architecture }[]): RequiredCells {
  if (cells.length === 0) return space;
  const all = cells.flatMap(({ architecture: { normal, reduction } }) => (reduction === undefined ? [normal] : [normal, reduction]));
  return { nodes: Math.max(...all.map((cell) => cell.nodes.length)), operations: all.flatMap((cell) => cell.nodes.map(({ operation }) => operation)) };
}

/** Files without a space are from before it was written; the space at hand is assumed then. */
function servedCells({ space: trained, trainingNodes }: GhnManifest, space: SearchSpace): GeneratorCells {
  const own = trained ?? space;
  return { space: own, nodes: Math.max(own.nodes, trainingNodes) };
}

/** A supernet must hold every operation and node of the required cells, a SMASH-style hypernetwork must have space for their nodes. */
function checkServed({ ghn: { generator } }: GhnManifest, { space, nodes }: GeneratorCells, required: RequiredCells, file: string): void {
  if (generator === "smash" && required.nodes > nodes) {
    throw new UserError(`The SMASH-style hypernetwork serves cells of at most ${nodes} nodes, but the search needs ${required.nodes}.`, {
      code: "ghn-mismatch",
      remedy: `Search with at most ${nodes} nodes, or train another hypernetwork on larger cells.`,
      field: "space.nodes",
      file,
    });
  }
  const held: ReadonlySet<AnyOperationName> = new Set(space.operations);
  if (generator === "one-shot" && (required.nodes > nodes || required.operations.some((operation) => !held.has(operation)))) {
    throw new UserError("The one-shot supernet does not hold all nodes and operations of this search.", {
      code: "ghn-mismatch",
      remedy: "Search in the space that it was trained on, or train another supernet.",
      field: "space",
      file,
    });
  }
}

function parseManifest(text: string | undefined, file: string): GhnManifest {
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

function inWords(value: unknown): string {
  return value === undefined ? "not set" : JSON.stringify(value);
}

/** Names of the image properties, for messages. */
const INPUT_WORDS: Readonly<Record<string, string>> = { height: "image height", width: "image width", channels: "image channels", classes: "classes" };

function checkSame(trained: object, wanted: object, part: "network" | "input", file: string): void {
  const [trainedValues, wantedValues] = [new Map<string, unknown>(Object.entries(trained)), new Map<string, unknown>(Object.entries(wanted))];
  // Optional settings may be missing on either side.
  for (const field of new Set([...trainedValues.keys(), ...wantedValues.keys()])) {
    const [value, other] = [trainedValues.get(field), wantedValues.get(field)];
    if (JSON.stringify(value) === JSON.stringify(other)) continue;
    const title = part === "input" ? INPUT_WORDS[field] : networkConfigSchema.shape[field as keyof NetworkConfig].meta()?.title;
    throw new UserError(
      `The GHN was trained for other ${part === "input" ? "images" : "networks"}: ${title ?? field} is ${inWords(value)} there and ${inWords(other)} here.`,
      {
        code: "ghn-mismatch",
        remedy:
          part === "input"
            ? "Search on the dataset that the GHN was trained on."
            : "Use the network settings that the GHN was trained with, or train another GHN.",
        field: part === "input" ? "dataset" : `network.${field}`,
        file,
      },
    );
  }
}
