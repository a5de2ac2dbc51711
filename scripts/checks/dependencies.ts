/**
 * Part of `npm run check`: imports against the layers in .dependency-cruiser.mjs, and cycles between files and between folders.
 * Prints each violation on a line of its own; exit code 1 if there are any.
 */
import path from "node:path/posix";
import { cruise, type ICruiseResult, type IViolation } from "dependency-cruiser";
import config from "../../.dependency-cruiser.mjs";
import { installation } from "../../src-main/lib/places.ts";
import { folderCycles, type Import } from "./folder-cycles.ts";

const FOLDERS = ["src-main", "src-preload", "src-renderer", "src-shared", "scripts", "bench", "tests"];

interface Violation {
  readonly rule: string;
  /** The importing file. */
  readonly file: string;
  readonly text: string;
}

async function violations(): Promise<readonly Violation[]> {
  const { enhancedResolveOptions, ...options } = config.options ?? {};
  const { output } = await cruise(
    FOLDERS,
    { ...options, baseDir: installation, validate: true, ruleSet: { forbidden: config.forbidden ?? [] } },
    enhancedResolveOptions,
  );
  if (typeof output === "string") throw new Error(`dependency-cruiser answered text instead of a result: ${output}`);
  return [...output.summary.violations.map(describe), ...folderCycles(importsOf(output)).map(describeCycle)];
}

function importsOf({ modules }: ICruiseResult): readonly Import[] {
  const own = new Set(modules.filter(({ source }) => FOLDERS.some((folder) => source.startsWith(`${folder}/`))).map(({ source }) => source));
  return modules.flatMap(({ source, dependencies }) =>
    own.has(source) ? dependencies.filter(({ resolved }) => own.has(resolved)).map(({ resolved }) => ({ from: source, to: resolved })) : [],
  );
}

function describe({ rule, from, to, cycle }: IViolation): Violation {
  if (cycle !== undefined) {
    const files = rotated(cycle.map(({ name }) => name));
    return { rule: rule.name, file: files[0] ?? from, text: [...files, files[0]].join(" → ") };
  }
  return { rule: rule.name, file: from, text: rule.name === "no-layer" ? `${from} has no place among the layers` : `${from} → ${to}` };
}

function describeCycle(cycle: readonly Import[]): Violation {
  const folders = cycle.map(({ from }) => path.dirname(from));
  const examples = cycle.map(({ from, to }) => `    ${from} → ${to}`);
  return { rule: "folder-cycle", file: cycle[0]?.from ?? "", text: [[...folders, folders[0]].join(" → "), ...examples].join("\n") };
}

/** The same cycle, starting at its alphabetically first file: dependency-cruiser reports it once for each of its files. */
function rotated(files: readonly string[]): readonly string[] {
  const first = files.indexOf([...files].sort()[0] ?? "");
  return [...files.slice(first), ...files.slice(0, first)];
}

const found = [...new Map((await violations()).map((each) => [`${each.rule} ${each.text}`, each])).values()];
for (const { rule, text } of found) process.stdout.write(`${rule}: ${text}\n`);
if (found.length > 0) process.stdout.write(`${found.length} violations of the rules in .dependency-cruiser.mjs.\n`);
process.exitCode = found.length === 0 ? 0 : 1;
