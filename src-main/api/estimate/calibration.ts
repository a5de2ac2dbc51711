/** What this device takes for a unit of each kind of work, as measured by `measure.ts` and kept in the settings. */
import { z } from "zod";

/** Raised when kernels or probes change so that old measurements mislead. */
export const CALIBRATION_VERSION = 1;

const cost = z.number().min(0);

export const calibrationSchema = z.object({
  version: z.literal(CALIBRATION_VERSION),
  /** Backend, device and library that were measured. */
  backend: z.string().max(200),
  device: z.string().max(200),
  library: z.string().max(200),
  measuredAt: z.string(),
  /** Seconds per call, multiply-add and activation of one forward and backward pass with the optimizer's step. */
  training: z.array(cost).length(3),
  /** The same for a forward pass alone. */
  inference: z.array(cost).length(3),
  /** Seconds per update of a node's embedding and per parameter, to generate weights and learn from them. */
  generationTraining: z.array(cost).length(2),
  /** The same without learning. */
  generation: z.array(cost).length(2),
  /** Bytes of a process with the library loaded and nothing done. */
  baseBytes: z.number().min(0),
  /** Bytes held per activation and image in training, measured; values are kept for the backward pass. */
  bytesPerActivation: z.number().min(0),
});
export type Calibration = z.infer<typeof calibrationSchema>;
