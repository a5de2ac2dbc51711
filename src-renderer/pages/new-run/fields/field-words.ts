import { type FieldSchema, fieldsAt } from "../../../../src-shared/domain/config/config-fields.ts";
import type { RunKind } from "../../../../src-shared/domain/config/run-config.ts";
import { configValue } from "../../../lib/format.ts";

/** What the form needs to know of one field. */
export interface FieldInfo {
  readonly path: string;
  readonly title: string;
  readonly description: string;
  readonly unit: string;
  readonly control: "integer" | "number" | "switch" | "choice" | "numbers" | "text";
  readonly choices: readonly string[];
  readonly fallback: unknown;
}

/** Choices of the schema in words. */
const CHOICE_WORDS: Readonly<Record<string, string>> = {
  graph: "Graph HyperNetwork",
  smash: "SMASH-style hypernetwork",
  mlp: "MLP hypernetwork",
  "one-shot": "One-shot supernet",
  "forward-backward": "Forward-backward",
  synchronous: "Synchronous",
  random: "Random (paper)",
  evolution: "Regularised evolution",
  "local-search": "Local search",
  conv3x3: "3×3 convolution",
  imagenet: "ImageNet, stride 2",
  stride8: "ImageNet, three of stride 2",
  cosine: "Cosine, one period",
  exponential: "Exponential, by epoch",
  step: "Steps",
  stop: "End the run",
  substitute: "Take another of the class",
  even: "Even",
  growing: "Growing with each exit",
  auto: "Best one here",
  tensorflow: "TensorFlow",
  wasm: "WebAssembly",
};

export function choiceWord(value: string): string {
  return CHOICE_WORDS[value] ?? value;
}

const GROUP_TITLES: Readonly<Record<string, string>> = { augmentation: "Augmentation" };

export function fieldInfo(kind: RunKind, path: string): FieldInfo {
  const schema: FieldSchema = fieldsAt(kind, path.split("."))[0] ?? {};
  const key = path.slice(path.lastIndexOf(".") + 1);
  return {
    path,
    title: schema.title ?? titleOfKey(key),
    description: schema.description ?? "",
    unit: schema.unit ?? "",
    control: controlOf(schema),
    choices: (schema.enum ?? []).map(String),
    fallback: schema.default,
  };
}

function controlOf(schema: FieldSchema): FieldInfo["control"] {
  if (schema.enum !== undefined) return "choice";
  if (schema.type === "boolean") return "switch";
  if (schema.type === "integer") return "integer";
  if (schema.type === "number") return "number";
  if (schema.type === "array") return "numbers";
  return "text";
}

/** Group of a field inside its section, where it has one of its own: "Augmentation". */
export function subgroupOf(path: string): string {
  const parts = path.split(".");
  return GROUP_TITLES[parts.at(-2) ?? ""] ?? "";
}

/** What the entries of lists are called in sentences. */
const ENTRY_WORDS: Readonly<Record<string, string>> = { variants: "of variant", references: "of reference" };

/** A field in words: “Batch size”, “Batch size” of variant 2, entry 2 of “Seeds”; null where there is no such field. */
export function pathWords(path: string, kind: RunKind): string | null {
  if (path.includes(".*.")) {
    const one = pathWords(path.replace(".*.", ".0."), kind);
    return one?.replace(/ of ([a-z]+) 1$/, " of all $1s") ?? null;
  }
  const parts = path.split(".");
  const title = fieldsAt(kind, parts).find((schema) => schema.title !== undefined)?.title;
  const at = parts.findIndex((part) => /^\d+$/.test(part));
  const number = Number(parts[at]) + 1;
  if (title !== undefined) return `“${title}”${at > 0 ? ` ${ENTRY_WORDS[parts[at - 1] ?? ""] ?? "of entry"} ${number}` : ""}`;
  if (at !== parts.length - 1 || at < 1) return null;
  const list = fieldsAt(kind, parts.slice(0, at))[0]?.title;
  return list === undefined ? null : `Entry ${number} of “${list}”`;
}

/** A sentence about a config with the titles of fields in place of their paths. @param short leaves out which entry of a list it is about, where that is plain to see */
export function inWords(message: string, kind: RunKind, short = false): string {
  const titled = (path: string): string => {
    const words = pathWords(path, kind) ?? path;
    return short ? words.replace(/” of (?:[a-z]+ \d+|all [a-z]+)$/, "”") : words;
  };
  // A path without a dot is told from a plain word only at the beginning.
  return message.replace(/^[a-z][A-Za-z]*(?= (?:must|is|lists|trains|holds|asks)\b)|\b[a-z][A-Za-z]*(?:\.(?:[a-zA-Z]+|\d+|\*(?=\.)))+\b(?!\()/g, titled);
}

/** What is said of choices that have not been made yet. */
const UNCHOSEN: Readonly<Record<string, string>> = {
  ghnRunId: "Choose the run whose GHN generates the weights.",
  "source.runId": "Choose the run whose cells are trained.",
  "source.cells": "Add at least one cell.",
  variants: "Add at least one variant.",
  "variants.*.name": "Give the variant a name.",
};

/** The sentence for a choice that is still open; null for everything else. */
export function unchosen(path: string, value: unknown): string | null {
  const empty = value === undefined || value === "" || (Array.isArray(value) && value.length === 0);
  return empty ? (UNCHOSEN[path.replace(/\.\d+\./, ".*.")] ?? null) : null;
}

export function valueWord(value: unknown): string {
  return typeof value === "string" ? choiceWord(value) || "empty" : configValue(value);
}

/** What was typed as the value of a field: a number where it reads as one, else the text, for the check to complain about. */
export function parseTyped(text: string, control: FieldInfo["control"]): unknown {
  const trimmed = text.trim();
  if (control === "numbers") {
    if (trimmed === "") return [];
    return trimmed
      .split(/[\s,;]+/)
      .filter((part) => part !== "")
      .map((part) => numberOr(part));
  }
  if (trimmed === "") return undefined;
  return control === "text" ? text : numberOr(trimmed);
}

/** The value as it is typed. */
export function typedText(value: unknown): string {
  if (value === undefined || value === null) return "";
  return Array.isArray(value) ? value.join(", ") : String(value);
}

function numberOr(text: string): number | string {
  const plain = text.replaceAll(/[\u202f\u00a0,_](?=\d{3}(?:\D|$))/g, "").replace("−", "-");
  const value = Number(plain);
  return plain !== "" && Number.isFinite(value) ? value : text;
}

function titleOfKey(key: string): string {
  const words = key.replaceAll(/([A-Z])/g, " $1").toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
