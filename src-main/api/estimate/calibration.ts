/** Cost per unit of each kind of work on this device, as measured by `measure-device.ts` and stored in the settings. */
import { z } from "zod";

/** Increased when kernels or probes change so that old measurements no longer apply. */
export const CALIBRATION_VERSION = 1;

const cost = z.number().min(0);

export const calibrationSchema = z.object({
  version: z.literal(CALIBRATION_VERSION),
  /** Backend, device and library that were measured. */
  backend: z.string().max(200),
  device: z.string().max(200),
  library: z.string().max(200),
  measuredAt: z.string(),
  /** Seconds per call, multiply-add and activation of a forward and backward pass with the optimizer step. */
  training: z.array(cost).length(3),
  /** The same for a forward pass only. */
  inference: z.array(cost).length(3),
  /** Seconds per update of a node embedding and per parameter, to generate weights with gradients. */
  generationTraining: z.array(cost).length(2),
  /** The same without gradients. */
  generation: z.array(cost).length(2),
  /** Memory of a process after loading the library, in bytes. */
  baseBytes: z.number().min(0),
  /** Measured bytes per activation and image in training; values are kept for the backward pass. */
  bytesPerActivation: z.number().min(0),
});
export type Calibration = z.infer<typeof calibrationSchema>;
