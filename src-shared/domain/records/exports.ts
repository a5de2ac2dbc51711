/** Exports: what can be exported, in which formats, and the files that were written. */
import { z } from "zod";
import { runIdSchema } from "./run.ts";

export interface ExportChoice {
  readonly format: "cell-json" | "cell-svg" | "cell-png" | "weights-safetensors" | "config-json" | "candidates-csv";
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
}

/** Candidates and trainings of each search space are numbered separately. */
const space = z.enum(["cell", "anytime"]).default("cell");

export const exportSubjectSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("candidate"), space, candidateId: z.int().min(0) }),
  z.strictObject({ type: z.literal("training"), space, trainingId: z.int().min(0) }),
  z.strictObject({ type: z.literal("run"), runId: runIdSchema }),
]);

export type ExportSubject = z.infer<typeof exportSubjectSchema>;
