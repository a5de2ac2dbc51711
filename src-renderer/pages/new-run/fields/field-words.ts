import { type FieldSchema, fieldsAt } from "../../../../src-shared/domain/config/config-fields.ts";
import type { RunKind } from "../../../../src-shared/domain/config/run-config.ts";
import { configValue } from "../../../lib/format.ts";

/** Description of one form field. */
export interface FieldInfo {
  readonly path: string;
  readonly title: string;
  readonly description: string;
  readonly unit: string;
  readonly control: "integer" | "number" | "switch" | "choice" | "numbers" | "text";
  readonly choices: readonly string[];
  readonly fallback: unknown;
}

/** Display names of choices in the schema. */
const CHOICE_WORDS: Readonly<Record<string, string>> = {
  graph: "Graph HyperNetwork",
  smash: "SMASH-style hypernetwork",
  mlp: "MLP hypernetwork",
  "one-shot": "One-shot supernet",
  all: "All: one GHN for all blocks",
  gnn: "GNN per block, one embedding and H",
  none: "None: a GHN for every block",
  "forward-backward": "Forward-backward",
  synchronous: "Synchronous",
  random: "Random (paper)",
  evolution: "Regularised evolution",
  "local-search": "Local search",
  conv3x3: "3×3 convolution",
  imagenet: "ImageNet, stride 2",
  stride8: "ImageNet, three stride-2 convolutions",
  cosine: "Cosine",
  exponential: "Exponential, per epoch",
  step: "Steps",
  stop: "End the run",
  substitute: "Use another image of the class",
  even: "Even",
  growing: "Increasing with each exit",
  auto: "Best available",
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

/** Group of a field within its section, if it has one, such as "Augmentation". */
export function subgroupOf(path: string): string {
  const parts = path.split(".");
  return GROUP_TITLES[parts.at(-2) ?? ""] ?? "";
}

/** Names of list entries in sentences. */
const ENTRY_WORDS: Readonly<Record<string, string>> = { variants: "of variant", references: "of reference" };

/** Display name of a field: “Batch size”, “Batch size” of variant 2, entry 2 of “Seeds”; null if there is no such field. */
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

/** Replaces field paths in a sentence by field titles. @param short omits the list entry, for places where it is obvious */
export function inWords(message: string, kind: RunKind, short = false): string {
  const titled = (path: string): string => {
    const words = pathWords(path, kind) ?? path;
    return short ? words.replace(/” of (?:[a-z]+ \d+|all [a-z]+)$/, "”") : words;
  };
  // A path without a dot is recognised only at the beginning; elsewhere it may be a plain word.
  return message.replace(/^[a-z][A-Za-z]*(?= (?:must|is|lists|trains|holds|asks)\b)|\b[a-z][A-Za-z]*(?:\.(?:[a-zA-Z]+|\d+|\*(?=\.)))+\b(?!\()/g, titled);
}

/** Messages for required choices that are missing. */
const UNCHOSEN: Readonly<Record<string, string>> = {
  ghnRunId: "Select the run whose GHN generates the weights.",
  "source.runId": "Select the run whose cells are trained.",
  "source.cells": "Add at least one cell.",
  variants: "Add at least one variant.",
  "variants.*.name": "Give the variant a name.",
};

/** The message for a missing choice; null for anything else. */
export function unchosen(path: string, value: unknown): string | null {
  const empty = value === undefined || value === "" || (Array.isArray(value) && value.length === 0);
  return empty ? (UNCHOSEN[path.replace(/\.\d+\./, ".*.")] ?? null) : null;
}

export function valueWord(value: unknown): string {
  return typeof value === "string" ? choiceWord(value) || "empty" : configValue(value);
}

/** Parses typed text as the value of a field: a number if possible, else the text, which validation then reports. */
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

/** The value as text for editing. */
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
