import { readFile, stat } from "node:fs/promises";
import { basename, extname, resolve } from "node:path";
import { type ConfigProblem, checkRunConfig, type KnownData, kindOf, unknownField } from "../../src-shared/domain/config/check-config.ts";
import { valueAt, withValueAt } from "../../src-shared/domain/config/config-diff.ts";
import { fieldsAt, nearestWord } from "../../src-shared/domain/config/config-fields.ts";
import { migrateConfig } from "../../src-shared/domain/config/migrate-config.ts";
import { type RunConfig, type RunKind, runConfigSchema } from "../../src-shared/domain/config/run-config.ts";
import { isUserError, UserError } from "../lib/errors.ts";
import { parseJson } from "../lib/json.ts";
import { withAbsolutePaths } from "./absolute-paths.ts";
import { decodeText, misspelledValue } from "./decode-text.ts";
import { presetFileSchema, presetNames, readPreset } from "./presets.ts";

/** Enough for a config with a thousand cells. */
const MAX_CONFIG_BYTES = 16 * 2 ** 20;
/** Longest path of a field in a --set option. */
const MAX_PATH = 200;

export interface LoadedConfig {
  readonly config: RunConfig;
  /** Default run name: the name of the preset or the file. */
  readonly name: string;
  readonly origin: { readonly preset: string } | { readonly file: string };
}

/**
 * Loads a run config from a preset or a JSON file and applies `sets` ("path.to.field=value") in order.
 * @throws UserError `config-*` with one sentence per problem
 */
export async function loadConfig(presetOrFile: string, sets: readonly string[] = [], known: KnownData = {}): Promise<LoadedConfig> {
  const { raw, name, origin } = await readSource(presetOrFile);
  const config = completeConfig(raw, sets, "preset" in origin ? `the preset ${origin.preset}` : origin.file, known);
  return { config, name, origin };
}

/** Applies `sets` to a raw config, checks it and fills in defaults. `where` names its origin in messages. */
export function completeConfig(raw: unknown, sets: readonly string[], where: string, known: KnownData = {}): RunConfig {
  const changed = applySets(raw, sets);
  const problems = checkRunConfig(changed, known);
  if (problems.length > 0) throw configError(problems, sets.length > 0 ? `${where} or in the --set options` : `${where} or with --set`);
  return withAbsolutePaths(runConfigSchema.parse(changed));
}

/** All problems of a config as one error. */
export function configError(problems: readonly ConfigProblem[], where: string): UserError {
  const [first] = problems;
  const message =
    problems.length === 1
      ? (first?.message ?? "")
      : `${problems.length} settings are invalid:\n${problems.map((problem) => `  - ${problem.message}`).join("\n")}`;
  return new UserError(message, {
    code: "config-invalid",
    remedy: `Fix ${problems.length === 1 ? "it" : "them"} in ${where}. See ghn-studio run --help.`,
    ...(first === undefined || first.path === "" ? {} : { field: first.path }),
  });
}

/** Applies "path=value" settings to a raw config. Values are JSON or plain text; an empty value resets the field to its default. */
export function applySets(raw: unknown, sets: readonly string[]): unknown {
  let config = raw;
  const problems: ConfigProblem[] = [];
  for (const set of sets) {
    const at = set.indexOf("=");
    const path = (at < 0 ? set : set.slice(0, at)).trim();
    if (at < 0 || path === "") {
      throw new UserError(`"--set ${set.slice(0, 100)}" does not have the form field=value.`, {
        code: "config-set",
        remedy: 'Example: --set training.epochs=10 or --set "network.reductions=[1,2]".',
      });
    }
    if (path.length > MAX_PATH)
      throw new UserError(`The field name in "--set ${set.slice(0, 60)}…" is too long.`, {
        code: "config-set",
        remedy: "Use a field of the config, for example --set training.epochs=10.",
      });
    const kind = kindOf(config);
    const known = kind === undefined ? [] : fieldsAt(kind, path.split("."));
    if (kind !== undefined && known.length === 0) {
      problems.push(unknownField(kind, path));
      continue;
    }
    const gap = gapBefore(config, path);
    if (gap !== null) {
      problems.push({ path, message: gap });
      continue;
    }
    const value = parseValue(set.slice(at + 1), kind, path);
    config = withValueAt(config, path, value);
  }
  if (problems.length > 0) throw configError(problems, "the --set options");
  return config;
}

/** Why a path cannot be set: it names an entry beyond the end of a list. Null if it can. */
function gapBefore(config: unknown, path: string): string | null {
  const parts = path.split(".");
  for (const [i, part] of parts.entries()) {
    const list = i === 0 ? config : valueAt(config, parts.slice(0, i).join("."));
    if (!Array.isArray(list) || (/^\d+$/.test(part) && Number(part) <= list.length)) continue;
    return `${path} names entry ${part} of a list of ${list.length}. Entries are counted from 0; the next one would be ${list.length}.`;
  }
  return null;
}

/** Numbers as people write them, also `.05` and `+1e-3`, which are not JSON. */
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

/** Parses the value after "=": text if the field takes text, otherwise JSON, otherwise a comma-separated list if the field takes a list. */
function parseValue(written: string, kind: RunKind | undefined, path: string): unknown {
  const text = written.trim();
  if (text === "" || text === "null") return undefined;
  const fields = kind === undefined ? [] : fieldsAt(kind, path.split("."));
  const takesText = fields.length > 0 && fields.every((field) => field.type === "string");
  if (takesText && !text.startsWith('"')) return text;
  if (NUMBER.test(text) && fields.some((field) => field.type === "number" || field.type === "integer")) {
    const value = Number(text);
    return Number.isFinite(value) ? value : text;
  }
  if (/^(true|false)$/i.test(text) && fields.some((field) => field.type === "boolean")) return text.toLowerCase() === "true";
  try {
    return parseJson(text, `The value of ${path}`);
  } catch (error) {
    if (isUserError(error)) throw error;
    if (fields.some((field) => field.type === "array"))
      return text
        .replace(/^\[|\]$/g, "")
        .split(",")
        .map((entry) => entry.trim())
        .filter((entry) => entry !== "")
        .map((entry) => (Number.isFinite(Number(entry)) ? Number(entry) : entry));
    return text;
  }
}

async function readSource(presetOrFile: string): Promise<{ raw: unknown; name: string; origin: LoadedConfig["origin"] }> {
  const presets = await presetNames();
  if (presets.includes(presetOrFile)) return { raw: (await readPreset(presetOrFile)).config, name: presetOrFile, origin: { preset: presetOrFile } };
  const file = resolve(presetOrFile);
  const found = await stat(file).catch(() => null);
  const looksLikeFile = /[\\/]|\.json$/i.test(presetOrFile);
  if (found === null) {
    const near = nearestWord(presetOrFile, presets);
    throw looksLikeFile
      ? new UserError(`Config file not found: ${file}.`, { code: "config-missing", file, remedy: `Check the path, or use a preset: ${presets.join(", ")}.` })
      : new UserError(`There is no preset "${presetOrFile}".${near === undefined ? "" : ` Did you mean "${near}"?`}`, {
          code: "config-missing",
          remedy: `Use one of ${presets.join(", ")}, or the path of a JSON file.`,
        });
  }
  if (!found.isFile())
    throw new UserError(`${file} is a folder, not a config file.`, {
      code: "config-missing",
      file,
      remedy: `Use the path of a JSON file, or a preset: ${presets.join(", ")}.`,
    });
  if (found.size > MAX_CONFIG_BYTES)
    throw new UserError(`${file} is too large for a run config (${Math.round(found.size / 2 ** 20)} MB).`, {
      code: "config-too-large",
      file,
      remedy: "Check that this is the right file; the limit is 16 MB.",
    });
  const raw = migrateConfig(unwrap(parseFile(decodeText(await readBytes(file), file), file)));
  return { raw, name: basename(file, extname(file)), origin: { file } };
}

async function readBytes(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new UserError(`The config file ${file} cannot be read.`, { code: "config-unreadable", file, remedy: "Check its permissions.", cause });
  }
}

/** Parses JSON; errors name the line. */
function parseFile(text: string, file: string): unknown {
  try {
    return parseJson(text, file);
  } catch (cause) {
    if (isUserError(cause)) throw cause;
    const misspelled = misspelledValue(text);
    const told = cause instanceof Error ? /position (\d+)/.exec(cause.message)?.[1] : undefined;
    const position = misspelled?.position ?? (told === undefined ? null : Number(told));
    const line = position === null ? "" : ` (line ${text.slice(0, position).split("\n").length})`;
    throw new UserError(`${file} is not valid JSON${line}.`, {
      code: "config-json",
      file,
      remedy: misspelled?.hint ?? "Fix the JSON: names need quotes; trailing commas and comments are not allowed.",
      cause,
    });
  }
}

/** Accepts a preset file in place of a config. */
function unwrap(json: unknown): unknown {
  const preset = presetFileSchema.safeParse(json);
  return preset.success ? preset.data.config : json;
}
