/** Configs before they become runs: presets, drafts, and what a run would cost. */
import type { RunConfig } from "../config/run-config.ts";

export interface Preset {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly config: RunConfig;
}

/** Checking of a draft: problems by path (dots), and what it would cost here. */
export interface DraftCheck {
  readonly problems: readonly { readonly path: string; readonly message: string }[];
  readonly estimate: RunEstimate | null;
}

export interface RunEstimate {
  readonly seconds: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  readonly stages: readonly { readonly name: string; readonly seconds: number; readonly memoryBytes: number }[];
  /** How the figure came about: measured on this device, or extrapolated. */
  readonly basis: string;
}

export interface Draft {
  readonly config: unknown;
  readonly name: string;
  /** Missing in drafts of earlier versions. */
  readonly tags?: readonly string[];
  readonly clonedFrom: string | null;
  readonly savedAt: string;
}
