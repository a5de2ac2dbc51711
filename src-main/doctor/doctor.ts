/** What this machine offers the studio, what is missing, why it matters and the remedy. Looks only; changes nothing. */
import type { DoctorItem } from "../../src-shared/domain/records/system.ts";
import { examineCompute } from "./doctor-compute.ts";
import { examineFolders, examineMachine, examineSoftware, examineTools } from "./doctor-machine.ts";

export interface DoctorFindings {
  /** In groups of one area. */
  readonly items: readonly DoctorItem[];
  /** In words: `TensorFlow 2.21.0` or `wasm`. */
  readonly backend: string;
  readonly device: string;
}

/** Looks at everything, in some seconds: TensorFlow is started in a process of its own. Never throws for something that is missing. */
export async function collectDoctorFindings(): Promise<DoctorFindings> {
  const [compute, tools] = await Promise.all([examineCompute(), examineTools()]);
  return {
    items: [...examineSoftware(), ...compute.items, ...examineMachine(), ...examineFolders(), ...tools],
    backend: compute.backend,
    device: compute.device,
  };
}

/** The items of the findings alone. */
export async function collectDoctorReport(): Promise<readonly DoctorItem[]> {
  return (await collectDoctorFindings()).items;
}
