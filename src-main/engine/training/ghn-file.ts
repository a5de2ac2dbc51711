import { z } from "zod";
import { type NetworkConfig, type NetworkInput, networkConfigSchema } from "../../../src-shared/domain/network.ts";
import { type GhnConfig, ghnConfigSchema } from "../../../src-shared/domain/run-config.ts";
import { UserError } from "../errors.ts";
import { readSafetensors } from "../export/safetensors.ts";
import { GraphHyperNetwork } from "../ghn/graph-hypernetwork.ts";
import type { Rng } from "../random.ts";

/** Marks a safetensors file with a trained GHN; its metadata entry `config` holds a {@link GhnManifest} as JSON. */
export const GHN_FILE_FORMAT = "ghn-studio-ghn";

const size = z.int().min(1).max(100_000);

const manifestSchema = z.object({
  ghn: ghnConfigSchema,
  network: networkConfigSchema,
  input: z.object({ height: size, width: size, channels: size, classes: size }),
  /** Nodes N of the cells that it was trained on. */
  trainingNodes: z.int().min(1),
});

/** What a GHN was made for. */
export type GhnManifest = z.infer<typeof manifestSchema>;

/** A new GHN with random parameters. @throws UserError when it would be too large */
export function createGhn(config: GhnConfig, network: NetworkConfig, input: NetworkInput, rng: Rng): GraphHyperNetwork {
  return new GraphHyperNetwork(config, network, input, rng);
}

/**
 * Reads a trained GHN. The caller disposes it.
 * @throws UserError when the file is missing, damaged or no GHN, or when its GHN was trained for another network or other images
 */
export async function readGhnFile(file: string, network: NetworkConfig, input: NetworkInput): Promise<GraphHyperNetwork> {
  const { tensors, metadata } = await readSafetensors(file);
  if (metadata["format"] !== GHN_FILE_FORMAT) {
    throw new UserError(`The file ${file} holds no GHN.`, { code: "ghn-foreign", remedy: "Choose the file that a GHN training left.", file });
  }
  const manifest = parseManifest(metadata["config"], file);
  checkSame(manifest.network, network, "network", file);
  checkSame(manifest.input, input, "input", file);
  const ghn = new GraphHyperNetwork(manifest.ghn, network, input, null);
  try {
    ghn.importWeights(Object.fromEntries(tensors));
    return ghn;
  } catch (error) {
    ghn.dispose();
    throw error;
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

/** Titles of what may differ, for sentences. */
const INPUT_WORDS: Readonly<Record<string, string>> = { height: "image height", width: "image width", channels: "image channels", classes: "classes" };

function checkSame(trained: object, wanted: object, part: "network" | "input", file: string): void {
  const wantedValues = new Map(Object.entries(wanted));
  for (const [field, value] of Object.entries(trained)) {
    const other: unknown = wantedValues.get(field);
    if (JSON.stringify(value) === JSON.stringify(other)) continue;
    const title = part === "input" ? INPUT_WORDS[field] : networkConfigSchema.shape[field as keyof NetworkConfig].meta()?.title;
    throw new UserError(
      `The GHN was trained for other ${part === "input" ? "images" : "networks"}: ${title ?? field} is ${JSON.stringify(value)} there and ${JSON.stringify(other)} here.`,
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
