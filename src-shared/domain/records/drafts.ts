/** Configs before they become runs: presets, drafts, and what a run would cost. */
import type { RunConfig } from "../config/run-config.ts";

export interface Preset {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly config: RunConfig;
}

/** Result of checking a draft: problems by dotted path, and the estimated cost on this machine. */
export interface DraftCheck {
  readonly problems: readonly { readonly path: string; readonly message: string }[];
  readonly estimate: RunEstimate | null;
}

export interface RunEstimate {
  readonly seconds: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  readonly stages: readonly { readonly name: string; readonly seconds: number; readonly memoryBytes: number }[];
  /** How the estimate was made: measured on this device, or extrapolated. */
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
