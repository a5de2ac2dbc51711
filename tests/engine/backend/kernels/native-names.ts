import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { tf } from "../../../../src-main/engine/backend/ops/tf.ts";

const FOLDER = path.join(import.meta.dirname, "../../../../src-main/engine/backend/tensorflow");

/** Names of the TensorFlow operations that the sources run, and of those that oneDNN may replace. */
export function namesInSource(): { readonly all: ReadonlySet<string>; readonly withOneDnn: ReadonlySet<string> } {
  const all = new Set<string>();
  const withOneDnn = new Set<string>();
  for (const file of readdirSync(FOLDER).filter((name) => name.endsWith(".ts"))) {
    const source = readFileSync(path.join(FOLDER, file), "utf8");
    for (const [, name = ""] of source.matchAll(/\b(?:run|runMany)\(\s*"(\w+)"/g)) all.add(name);
    for (const [, name = ""] of source.matchAll(/\bchoose\(\s*"(\w+)"/g)) {
      all.add(name);
      withOneDnn.add(name);
    }
  }
  return { all, withOneDnn };
}

/** Every call of `run` and `runMany` in the sources, to check that {@link namesInSource} understands all of them. */
export function callsInSource(): readonly string[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith(".ts") && name !== "native.ts")
    .flatMap((file) =>
      [...readFileSync(path.join(FOLDER, file), "utf8").matchAll(/native\.(?:run|runMany)\(\s*([^,]+),/g)].map(([, first = ""]) => first.trim()),
    );
}

type Execute = (name: string, ...rest: unknown[]) => unknown;

/** Records the names of the operations that TensorFlow runs from now on. */
export function recordNames(): ReadonlySet<string> {
  const names = new Set<string>();
  const backend = tf.backend() as unknown as Record<"executeSingleOutput" | "executeMultipleOutputs", Execute>;
  for (const method of ["executeSingleOutput", "executeMultipleOutputs"] as const) {
    const original = backend[method].bind(backend);
    backend[method] = (name, ...rest) => {
      names.add(name);
      return original(name, ...rest);
    };
  }
  return names;
}
