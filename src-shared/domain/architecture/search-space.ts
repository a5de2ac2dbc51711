import { z } from "zod";
import { OPERATIONS } from "./operations.ts";

/** The standard search space (paper, appendix 5.1; see docs/decisions.md where the paper is silent). */
export const searchSpaceSchema = z.strictObject({
  operations: z
    .array(z.enum(OPERATIONS))
    .min(1, "Select at least one operation.")
    .refine((list) => new Set(list).size === list.length, "Each operation may be listed only once.")
    .default([...OPERATIONS])
    .meta({ title: "Operations", description: "Operations that a node can have. The paper lists nine." }),
  nodes: z.int().min(1).max(40).default(17).meta({
    title: "Nodes N",
    description: "Operation nodes of scored and trained cells, in addition to the two input nodes. The paper uses 17.",
  }),
  maxInputs: z.int().min(1).max(4).default(2).meta({
    title: "Inputs per node",
    description: "Each node draws 1 to this many inputs from the earlier nodes.",
  }),
});
export type CellSpace = z.infer<typeof searchSpaceSchema>;
