import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * Path of a thread's entry: beside the file that starts it as source, beside the program's entries when built.
 * @param from `import.meta` of the file that starts the thread
 * @param name file name of the entry without its ending; the build must have an entry of this name
 * @throws Error when the program was built without it
 */
export function threadEntry(from: ImportMeta, name: string): string {
  if (from.filename.endsWith(".ts")) return join(from.dirname, `${name}.ts`);
  // The bundler may put shared code one folder below the entries.
  const found = [from.dirname, dirname(from.dirname)].map((folder) => join(folder, `${name}.js`)).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`The built program lacks ${name}.js; build it again.`);
  return found;
}
