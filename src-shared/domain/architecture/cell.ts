import { z } from "zod";
import { ALL_OPERATIONS } from "./operations.ts";

/** Number of input nodes of a cell: the outputs of block i−1 (index 0) and block i−2 (index 1). */
export const INPUT_NODES = 2;
/** Maximum number of operation nodes of a cell. */
export const MAX_NODES = 64;

/**
 * One operation node. `inputs` are indices of earlier nodes: 0 and 1 are the input nodes, 2 + i is `nodes[i]`.
 * The node computes the sum of f(x_u; w) over its inputs u (equation 1), with the same weights for each.
 */
const cellNodeSchema = z.strictObject({
  operation: z.enum(ALL_OPERATIONS),
  inputs: z.array(z.int().min(0)).min(1).max(MAX_NODES),
});

/**
 * A cell: a directed acyclic graph of two input nodes and operation nodes in topological order.
 * Its output is the concatenation of `output` (indices as in `inputs`), by default of all leaf nodes.
 */
export const cellSchema = z
  .strictObject({
    nodes: z.array(cellNodeSchema).min(1).max(MAX_NODES),
    output: z.array(z.int().min(INPUT_NODES)).min(1).max(MAX_NODES).optional(),
  })
  .superRefine((cell, context) => {
    cell.nodes.forEach((node, i) => {
      const seen = new Set<number>();
      node.inputs.forEach((input, j) => {
        if (input >= INPUT_NODES + i)
          context.addIssue({
            code: "custom",
            path: ["nodes", i, "inputs", j],
            message: `Node ${i + INPUT_NODES} reads node ${input}, which does not come before it. List nodes in topological order.`,
          });
        if (seen.has(input))
          context.addIssue({
            code: "custom",
            path: ["nodes", i, "inputs", j],
            message: `Node ${i + INPUT_NODES} lists input ${input} twice.`,
          });
        seen.add(input);
      });
    });
    cell.output?.forEach((index, j, all) => {
      if (all.indexOf(index) !== j) context.addIssue({ code: "custom", path: ["output", j], message: `The output lists node ${index} twice.` });
      if (index >= INPUT_NODES + cell.nodes.length)
        context.addIssue({
          code: "custom",
          path: ["output", j],
          message: `The output lists node ${index}, but the cell only has nodes 0 to ${INPUT_NODES + cell.nodes.length - 1}.`,
        });
    });
  });

export type Cell = z.infer<typeof cellSchema>;

/** Indices (≥ 2) of the nodes whose outputs the cell concatenates, in ascending order: `output`, or all leaves. */
export function outputNodes(cell: Cell): number[] {
  if (cell.output !== undefined) return [...cell.output].sort((a, b) => a - b);
  const used = new Set(cell.nodes.flatMap((node) => node.inputs));
  return cell.nodes.map((_, i) => i + INPUT_NODES).filter((index) => !used.has(index));
}

/** Version of the cell file format. */
export const CELL_FILE_VERSION = 1;

export const cellFileSchema = z.strictObject({
  format: z.literal("ghn-studio-cell"),
  version: z.literal(CELL_FILE_VERSION),
  name: z.string().min(1).max(200),
  source: z.string().max(2000).optional(),
  normal: cellSchema,
  reduction: cellSchema.optional(),
  meta: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
});
export type CellFile = z.infer<typeof cellFileSchema>;
