import { fileURLToPath } from "node:url";
import { type ChildHandle, type ChildLauncher, nodeLauncher } from "../../../src-main/runs/child/launcher.ts";
import { type RunConfig, runConfigSchema } from "../../../src-shared/domain/config/run-config.ts";

const SCRIPTED = fileURLToPath(new URL("./scripted-worker.ts", import.meta.url));

/** A launcher of scripted workers that records the processes it started; the script may be changed between launches. */
export class ScriptedLauncher implements ChildLauncher {
  script: string;
  readonly children: ChildHandle[] = [];
  private readonly real = nodeLauncher({ script: SCRIPTED });

  constructor(script = "complete") {
    this.script = script;
  }

  launch(environment: Readonly<Record<string, string | undefined>>): ChildHandle {
    const child = this.real.launch({ ...environment, GHN_TEST_SCRIPT: this.script });
    this.children.push(child);
    return child;
  }
}

export function config(input: object = {}): RunConfig {
  return runConfigSchema.parse({ kind: "ghn-training", ...input });
}

/** A config as it was frozen before `shortBatch` existed. */
export function older(): RunConfig {
  const frozen = config();
  if (frozen.kind !== "ghn-training") throw new Error("The default kind has changed.");
  const { shortBatch: _shortBatch, ...training } = frozen.training;
  return { ...frozen, training: training as typeof frozen.training };
}
