/** Checks this machine: what is available, what is missing, why it matters and how to fix it. Changes nothing. */
import type { DoctorItem } from "../../src-shared/domain/records/system.ts";
import { examineCompute } from "./doctor-compute.ts";
import { examineDecodedImages, examineFolders, examineMachine, examineSoftware, examineTools } from "./doctor-machine.ts";

export interface DoctorFindings {
  /** Grouped by area. */
  readonly items: readonly DoctorItem[];
  /** For display: `TensorFlow 2.21.0` or `wasm`. */
  readonly backend: string;
  readonly device: string;
}

/** Runs all checks. Takes seconds, because TensorFlow is started in a separate process. Never throws because something is missing. */
export async function collectDoctorFindings(): Promise<DoctorFindings> {
  const [compute, tools, decodedImages] = await Promise.all([examineCompute(), examineTools(), examineDecodedImages()]);
  return {
    items: [...examineSoftware(), ...compute.items, ...examineMachine(), ...examineFolders(), decodedImages, ...tools],
    backend: compute.backend,
    device: compute.device,
  };
}
