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

export const exportSubjectSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("candidate"), candidateId: z.int().min(0) }),
  z.strictObject({ type: z.literal("training"), trainingId: z.int().min(0) }),
  z.strictObject({ type: z.literal("run"), runId: runIdSchema }),
  z.strictObject({ type: z.literal("anytime-candidate"), candidateId: z.int().min(0) }),
  z.strictObject({ type: z.literal("anytime-training"), trainingId: z.int().min(0) }),
]);

export type ExportSubject = z.infer<typeof exportSubjectSchema>;
