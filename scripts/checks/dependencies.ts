/**
 * Part of `npm run check`: imports against the layers in .dependency-cruiser.mjs, and cycles between files and between folders.
 * Prints each violation on a line of its own; exit code 1 if there are any.
 */
import { existsSync, readFileSync } from "node:fs";
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

/** The same cycle, from its first file by name on: dependency-cruiser reports it once for each of its files. */
function rotated(files: readonly string[]): readonly string[] {
  const first = files.indexOf([...files].sort()[0] ?? "");
  return [...files.slice(first), ...files.slice(0, first)];
}

/** Lines `<rule> <path>`: violations of this rule by files under this path are listed, but do not fail. */
function tolerated(): readonly (readonly [string, string])[] {
  const file = path.join(installation, "scripts", "checks", "tolerated.txt");
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => [line.split(" ")[0] ?? "", line.split(" ")[1] ?? ""] as const);
}

const found = [...new Map((await violations()).map((each) => [`${each.rule} ${each.text}`, each])).values()];
const known = tolerated();
const failing = found.filter(({ rule, file }) => !known.some(([name, prefix]) => name === rule && file.startsWith(prefix)));
for (const { rule, text } of process.argv.includes("--all") ? found : failing) process.stdout.write(`${rule}: ${text}\n`);
if (failing.length < found.length)
  process.stdout.write(`${found.length - failing.length} known violations (scripts/checks/tolerated.txt) do not count; --all lists them.\n`);
if (failing.length > 0) process.stdout.write(`${failing.length} violations of the rules in .dependency-cruiser.mjs.\n`);
process.exitCode = failing.length === 0 ? 0 : 1;
