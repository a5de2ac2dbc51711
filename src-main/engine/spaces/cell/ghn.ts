import { z } from "zod";
import type { Cell } from "../../../../src-shared/domain/architecture/cell.ts";
import { type NetworkConfig, networkConfigSchema } from "../../../../src-shared/domain/architecture/network.ts";
import type { AnyOperationName } from "../../../../src-shared/domain/architecture/operations.ts";
import { searchSpaceSchema } from "../../../../src-shared/domain/architecture/search-space.ts";
import { migrateGhnConfig } from "../../../../src-shared/domain/config/migrate-config.ts";
import { ghnConfigSchema, type SearchRun } from "../../../../src-shared/domain/config/run-config.ts";
import { UserError } from "../../../lib/errors.ts";
import type { FixedSize, GhnDescription, GhnManifest } from "../shared/ghn-description.ts";
import { cellFamily } from "./network-family.ts";
import { buildPlan } from "./plan.ts";
import type { CellTypes } from "./types.ts";

const size = z.int().min(1).max(100_000);

const manifestSchema = z.object({
  ghn: z.preprocess(migrateGhnConfig, ghnConfigSchema),
  network: networkConfigSchema,
  input: z.object({ height: size, width: size, channels: size, classes: size }),
  /** Nodes N of the cells that it was trained on. */
  trainingNodes: z.int().min(1),
  /** Space of the cells. A one-shot supernet works for no other space. */
  space: searchSpaceSchema.optional(),
});

type CellManifest = GhnManifest<CellTypes> & { readonly trainingNodes?: number };

/** Operation nodes of the largest cell. */
function nodesOf({ space, trainingNodes = 1 }: CellManifest): number {
  return Math.max(space?.nodes ?? 1, trainingNodes);
}

const fixedSize: FixedSize<CellTypes> = {
  nodes: nodesOf,
  // One network for each operation. Every node reads only the two input nodes, so every node is a leaf and is computed.
  covering: (manifest) =>
    (manifest.space ?? searchSpaceSchema.parse({})).operations.map((operation) => {
      const cell: Cell = { nodes: Array.from({ length: nodesOf(manifest) }, () => ({ operation, inputs: [0, 1] })) };
      return buildPlan({ normal: cell }, manifest.network, manifest.input);
    }),
};

/** Hypernetworks of the cell space. */
export const cellGhn: GhnDescription<CellTypes> = {
  fileFormat: "ghn-studio-ghn",
  manifestSchema,
  manifest: ({ ghn, network, training, space }, input) => ({ ghn, network, input, trainingNodes: training.nodes, space }),
  family: (_, network, input) => cellFamily(network, input),
  fixedSize,
  check(manifest, asked, input, file) {
    checkSame(manifest.network, asked.network, "network", file);
    checkSame(manifest.input, input, "input", file);
    const { generator } = manifest.ghn;
    if (generator === "smash" || generator === "one-shot") checkSize({ space: asked.space, ...manifest }, asked, file);
  },
};

/**
 * SMASH-style hypernetworks and supernets have parameters for each numbered node, so they only support cells with as many nodes as they were trained on; parameters of further
 * nodes are still random. A supernet must also contain every operation.
 */
function checkSize(manifest: CellManifest, asked: Pick<SearchRun, "space" | "cells">, file: string): void {
  const { trainingNodes } = manifest;
  const { nodes, operations } = sizesOf(asked);
  const other = nodes.find((count) => count !== trainingNodes);
  const name = manifest.ghn.generator === "smash" ? "SMASH-style hypernetwork" : "one-shot supernet";
  if (other !== undefined)
    throw new UserError(`The ${name} was trained on cells of ${trainingNodes} nodes and cannot rank cells of ${other} nodes.`, {
      code: "ghn-mismatch",
      remedy: `Search cells of ${trainingNodes} nodes, or train a generator with training.nodes = ${other}.`,
      field: "space.nodes",
      file,
    });
  if (manifest.ghn.generator === "smash") return;
  const held: ReadonlySet<AnyOperationName> = new Set(manifest.space?.operations);
  const missing = operations.find((operation) => !held.has(operation));
  if (missing !== undefined)
    throw new UserError(`The one-shot supernet has no weights for the operation ${missing}, which this search needs.`, {
      code: "ghn-mismatch",
      remedy: "Search in the space that it was trained on, or train another supernet.",
      field: "space",
      file,
    });
}

/** Numbers of nodes of the cells of a search, and their operations. */
function sizesOf({ space, cells = [] }: Pick<SearchRun, "space" | "cells">): {
  readonly nodes: readonly number[];
  readonly operations: readonly AnyOperationName[];
} {
  if (cells.length === 0) return { nodes: [space.nodes], operations: space.operations };
  const all = cells.flatMap(({ architecture: { normal, reduction } }) => (reduction === undefined ? [normal] : [normal, reduction]));
  return { nodes: all.map((cell) => cell.nodes.length), operations: all.flatMap((cell) => cell.nodes.map(({ operation }) => operation)) };
}

/** Names of the image fields, for messages. */
const INPUT_TITLES: Readonly<Record<string, string>> = { height: "image height", width: "image width", channels: "image channels", classes: "classes" };

function checkSame(trained: object, wanted: object, part: "network" | "input", file: string): void {
  const [trainedValues, wantedValues] = [new Map<string, unknown>(Object.entries(trained)), new Map<string, unknown>(Object.entries(wanted))];
  const words = (value: unknown): string => (value === undefined ? "not set" : JSON.stringify(value));
  // Optional settings can be missing on either side.
  for (const field of new Set([...trainedValues.keys(), ...wantedValues.keys()])) {
    const [value, other] = [trainedValues.get(field), wantedValues.get(field)];
    if (JSON.stringify(value) === JSON.stringify(other)) continue;
    const title = part === "input" ? INPUT_TITLES[field] : networkConfigSchema.shape[field as keyof NetworkConfig].meta()?.title;
    throw new UserError(
      `The GHN was trained for other ${part === "input" ? "images" : "networks"}: ${title ?? field} is ${words(value)} in the GHN and ${words(other)} here.`,
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
