import { z } from "zod";
import { OPERATIONS, type OperationName } from "./operations.ts";

/** The standard search space (paper, appendix 5.1; gaps as settled in docs/decisions.md). */
export const searchSpaceSchema = z.strictObject({
  operations: z
    .array(z.enum(OPERATIONS as unknown as [OperationName, ...OperationName[]]))
    .min(1, "Switch on at least one operation.")
    .refine((list) => new Set(list).size === list.length, "Each operation may be listed once.")
    .default([...OPERATIONS])
    .meta({ title: "Operations", description: "The operations a node may take. The paper lists nine." }),
  nodes: z.int().min(1).max(40).default(17).meta({
    title: "Nodes N",
    description: "Operation nodes of a cell that is scored and trained, besides its two input nodes. The paper uses 17.",
  }),
  maxInputs: z.int().min(1).max(4).default(2).meta({
    title: "Inputs per node",
    description: "A node draws 1 to this many inputs from all earlier nodes.",
  }),
});
export type SearchSpace = z.infer<typeof searchSpaceSchema>;
