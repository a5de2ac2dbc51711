import path from "node:path";
import { fileURLToPath } from "node:url";
import { lastLine, runCommand } from "../../lib/commands.ts";
import { BINDING_FILE } from "./entry.ts";

export interface BindingFound {
  /** As the library itself says it. */
  readonly version: string;
  readonly gpu: boolean;
}

/** Loads the binding of an entry in a process of its own and computes with it. @throws Error when that fails, with the reason */
export async function tryBinding(folder: string): Promise<BindingFound> {
  const script = fileURLToPath(new URL("./try-binding.ts", import.meta.url));
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: "3", TF_FORCE_GPU_ALLOW_GROWTH: "true" };
  const { code, output } = await runCommand(process.execPath, [script, path.join(folder, BINDING_FILE)], { env, timeoutMs: 180_000 });
  const answer = /^\{"version":.*\}$/m.exec(output)?.[0];
  if (code !== 0 || answer === undefined) throw new Error(`what was built does not work: ${lastLine(output) || "its process died."}`);
  return JSON.parse(answer) as BindingFound;
}
