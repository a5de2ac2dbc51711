import path from "node:path";
import { fileURLToPath } from "node:url";
import { lastLine, runCommand } from "../../lib/commands.ts";
import { BINDING_FILE } from "./entry.ts";

export interface BindingFound {
  /** As reported by the library. */
  readonly version: string;
  readonly gpu: boolean;
}

/** Loads the binding of an entry in a separate process and computes with it. @throws Error with the reason if that fails */
export async function tryBinding(folder: string): Promise<BindingFound> {
  const script = fileURLToPath(new URL("./try-binding.ts", import.meta.url));
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: "3", TF_FORCE_GPU_ALLOW_GROWTH: "true" };
  const { code, output } = await runCommand(process.execPath, [script, path.join(folder, BINDING_FILE)], { env, timeoutMs: 180_000 });
  const answer = /^\{"version":.*\}$/m.exec(output)?.[0];
  if (code !== 0 || answer === undefined) throw new Error(`the installed library does not work: ${lastLine(output) || "its process crashed."}`);
  return JSON.parse(answer) as BindingFound;
}
