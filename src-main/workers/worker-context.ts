import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ArtifactMessage, FromWorker, ResumePoint } from "../../src-shared/worker-protocol.ts";
import { writeSafetensors } from "../engine/formats/safetensors.ts";
import type { RunContext } from "../engine/jobs/run-context.ts";
import { type NamedArrays, writeCheckpoint } from "../engine/training/checkpoint.ts";
import { UserError } from "../lib/errors.ts";
import type { Reporter } from "./reporter.ts";

export interface WorkerContextOptions {
  readonly post: (message: FromWorker) => void;
  readonly reporter: Reporter;
  readonly artifactFolder: string;
  /** Folder of the run inside the project, as artifacts name it, with forward slashes. */
  readonly relativeFolder: string;
  readonly checkpointEverySeconds: number;
  readonly checkpointKey: string;
}

/** The context that a worker process passes to its job. */
export class WorkerContext implements RunContext {
  stopRequested = false;
  private readonly options: WorkerContextOptions;
  private lastCheckpoint = performance.now();

  constructor(options: WorkerContextOptions) {
    this.options = options;
  }

  metric: RunContext["metric"] = (...point) => this.options.reporter.metric(...point);
  candidate: RunContext["candidate"] = (candidate) => this.options.reporter.candidate(candidate);
  training: RunContext["training"] = (training) => this.options.reporter.training(training);
  log: RunContext["log"] = (level, text) => this.options.reporter.log(level, text);
  progress: RunContext["progress"] = (progress) => this.options.reporter.progress(progress);
  current: RunContext["current"] = (name, architecture) => this.options.reporter.current(name, architecture);

  roles(shortlist: readonly number[], random: readonly number[]): void {
    this.options.reporter.flush();
    this.options.post({ type: "roles", shortlist, random });
  }

  async breathe(): Promise<void> {
    this.options.reporter.tick();
    await new Promise<void>((resolve) => setImmediate(resolve));
  }

  get checkpointDue(): boolean {
    return performance.now() - this.lastCheckpoint >= this.options.checkpointEverySeconds * 1000;
  }

  async saveCheckpoint(step: number, tensors: NamedArrays, state: unknown, keep: ResumePoint): Promise<void> {
    this.requireFolder();
    const name = `checkpoint-${String(step).padStart(9, "0")}.safetensors`;
    const file = await writeCheckpoint(join(this.options.artifactFolder, name), this.options.checkpointKey, { step, tensors, state, keep });
    // Everything that the checkpoint covers must be stored before the checkpoint is reported.
    this.options.reporter.flush();
    this.options.post({ type: "checkpoint", step, artifact: this.artifact("checkpoint", name, file) });
    this.lastCheckpoint = performance.now();
  }

  async saveTensors(kind: "ghn" | "weights", name: string, tensors: NamedArrays, metadata: Record<string, string>): Promise<void> {
    this.requireFolder();
    const fileName = `${name}.safetensors`;
    const file = await writeSafetensors(join(this.options.artifactFolder, fileName), tensors, metadata);
    this.options.reporter.flush();
    this.options.post({ type: "artifact", artifact: this.artifact(kind, fileName, file) });
  }

  /** Writing a file creates missing folders, which must not happen where a project was moved away or deleted. */
  private requireFolder(): void {
    const { artifactFolder } = this.options;
    if (!existsSync(artifactFolder))
      throw new UserError(`The folder ${artifactFolder} no longer exists: the project was moved or deleted while the run was running.`, {
        code: "project-gone",
        remedy: "If the project was moved, open it in its new place and resume the run there.",
        file: artifactFolder,
      });
  }

  private artifact(kind: ArtifactMessage["kind"], name: string, file: { bytes: number; sha256: string }): ArtifactMessage {
    return { kind, name, path: `${this.options.relativeFolder}/${name}`, bytes: file.bytes, sha256: file.sha256 };
  }
}
