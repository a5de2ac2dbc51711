import { z } from "zod";
import { type Architecture, type NetworkConfig, type NetworkInput, networkConfigSchema } from "../../../src-shared/domain/architecture/network.ts";
import type { AnyOperationName } from "../../../src-shared/domain/architecture/operations.ts";
import { type SearchSpace, searchSpaceSchema } from "../../../src-shared/domain/architecture/search-space.ts";
import { type GhnConfig, ghnConfigSchema } from "../../../src-shared/domain/config/run-config.ts";
import { UserError } from "../../lib/errors.ts";
import { readSafetensors } from "../formats/safetensors.ts";
import { GraphHyperNetwork } from "../ghn/graph-hypernetwork.ts";
import type { WeightGenerator } from "../ghn/weight-generator.ts";
import { Rng } from "../random.ts";
import { MlpHypernetwork } from "./mlp-hypernetwork.ts";
import { Supernet } from "./one-shot-supernet.ts";
import { SmashHypernetwork } from "./smash-hypernetwork.ts";

/** Marks a safetensors file with a trained GHN; its metadata entry `config` holds a {@link GhnManifest} as JSON. */
export const GHN_FILE_FORMAT = "ghn-studio-ghn";

const size = z.int().min(1).max(100_000);

const manifestSchema = z.object({
  ghn: ghnConfigSchema,
  network: networkConfigSchema,
  input: z.object({ height: size, width: size, channels: size, classes: size }),
  /** Nodes N of the cells that it was trained on. */
  trainingNodes: z.int().min(1),
  /** Space of the cells; a one-shot supernet serves no other, a SMASH-style hypernetwork none with more nodes. */
  space: searchSpaceSchema.optional(),
});

/** What a GHN was made for. */
export type GhnManifest = z.infer<typeof manifestSchema>;

/** Which cells a generator is for. GHN and MLP serve cells of any size; the others those with at most so many nodes, a supernet besides those of one space only. */
export interface GeneratorCells {
  readonly space: SearchSpace;
  readonly nodes: number;
}

/** A new GHN, or the baseline that the config names, with random parameters. @throws UserError when it would be too large */
export function createGhn(config: GhnConfig, network: NetworkConfig, input: NetworkInput, rng: Rng, cells: GeneratorCells): WeightGenerator {
  switch (config.generator) {
    case "graph":
      return new GraphHyperNetwork(config, network, input, rng);
    case "one-shot":
      return new Supernet(cells.space, cells.nodes, network, input, rng);
    case "smash":
      return new SmashHypernetwork(config, cells.nodes, network, input, rng);
    case "mlp":
      return new MlpHypernetwork(config, network, input, rng);
  }
}

/**
 * Reads a trained GHN. The caller disposes it.
 * @param space of the cells that it is asked for
 * @param cells asked for instead, where they are not of the space
 * @throws UserError when the file is missing, damaged or no GHN, or when its GHN was trained for another network or other images
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
    throw new UserError(`The file ${file} holds no GHN.`, { code: "ghn-foreign", remedy: "Choose the file that a GHN training left.", file });
  }
  const manifest = parseManifest(metadata["config"], file);
  checkSame(manifest.network, network, "network", file);
  checkSame(manifest.input, input, "input", file);
  const ghn = emptyGenerator(manifest, network, input, space, askedFor(space, cells), file);
  try {
    ghn.importWeights(Object.fromEntries(tensors));
    return ghn;
  } catch (error) {
    ghn.dispose();
    throw error;
  }
}

/** What cells need of a generator that does not serve all. */
interface AskedFor {
  readonly nodes: number;
  readonly operations: readonly AnyOperationName[];
}

function askedFor(space: SearchSpace, cells: readonly { readonly architecture: Architecture }[]): AskedFor {
  if (cells.length === 0) return space;
  const all = cells.flatMap(({ architecture: { normal, reduction } }) => (reduction === undefined ? [normal] : [normal, reduction]));
  return { nodes: Math.max(...all.map((cell) => cell.nodes.length)), operations: all.flatMap((cell) => cell.nodes.map(({ operation }) => operation)) };
}

/** The generator that a file is read into. A supernet must hold every operation and every node of the cells that it is asked for, a SMASH-style hypernetwork have room for their nodes. */
function emptyGenerator(
  { ghn, space: trained, trainingNodes }: GhnManifest,
  network: NetworkConfig,
  input: NetworkInput,
  space: SearchSpace,
  asked: AskedFor,
  file: string,
): WeightGenerator {
  if (ghn.generator === "graph") return new GraphHyperNetwork(ghn, network, input, null);
  if (ghn.generator === "mlp") return new MlpHypernetwork(ghn, network, input, null);
  const own = trained ?? space;
  const nodes = Math.max(own.nodes, trainingNodes);
  if (ghn.generator === "smash") {
    if (asked.nodes <= nodes) return new SmashHypernetwork(ghn, nodes, network, input, null);
    throw new UserError(`The SMASH-style hypernetwork was made for cells of at most ${nodes} nodes, the search asks for ${asked.nodes}.`, {
      code: "ghn-mismatch",
      remedy: "Search with at most that many nodes, or train another on more.",
      field: "space.nodes",
      file,
    });
  }
  const held: ReadonlySet<AnyOperationName> = new Set(own.operations);
  if (asked.nodes > nodes || asked.operations.some((operation) => !held.has(operation))) {
    throw new UserError("The one-shot supernet does not hold all nodes and operations of this search.", {
      code: "ghn-mismatch",
      remedy: "Search in the space that it was trained on, or train another.",
      field: "space",
      file,
    });
  }
  return new Supernet(own, nodes, network, input, Rng.fromSeed(0, "replaced by the file"));
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

/** Titles of what may differ, for sentences. */
const INPUT_WORDS: Readonly<Record<string, string>> = { height: "image height", width: "image width", channels: "image channels", classes: "classes" };

function checkSame(trained: object, wanted: object, part: "network" | "input", file: string): void {
  const [trainedValues, wantedValues] = [new Map<string, unknown>(Object.entries(trained)), new Map<string, unknown>(Object.entries(wanted))];
  // Settings that may be left out can be missing on either side.
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
