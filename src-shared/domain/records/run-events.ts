/** Events about runs, as the supervisor sends them to every listener. */
import type { Architecture } from "../architecture/network.ts";
import type { MetricColumns } from "../metrics.ts";
import type { Artifact, Candidate, LogLine, RunProgress, RunSummary, Training } from "./run.ts";

/** Payload of each event, by name. */
export interface RunEventMap {
  readonly "run.changed": RunSummary;
  readonly "run.removed": { readonly runId: string };
  readonly "run.live": {
    readonly runId: string;
    readonly metrics: readonly MetricColumns[];
    readonly cursor: number;
    readonly progress: RunProgress | null;
    readonly candidates: readonly Candidate[];
    readonly trainings: readonly Training[];
    readonly logs: readonly LogLine[];
    readonly current: { readonly name: string; readonly architecture: Architecture } | null;
  };
  /** The run was resumed from a checkpoint and stored points after it were removed: reload its series. */
  readonly "run.rewound": { readonly runId: string };
  readonly "artifact.added": Artifact;
}
