import { EXPRESSION_FIELDS, EXPRESSION_FUNCTIONS } from "../../../src-shared/analysis/expression/expression.ts";
import { fieldPaths } from "../../../src-shared/domain/config/config-fields.ts";
import { RUN_KINDS } from "../../../src-shared/domain/config/run-config.ts";

/** What the project has, for names in quotes. */
export interface ExpressionNames {
  readonly metrics: readonly string[];
  readonly tags: readonly string[];
}

/** Suggestions for the word before the caret, which spans `from` to `to`. */
export interface Completion {
  readonly from: number;
  readonly to: number;
  readonly items: readonly string[];
}

const MOST = 8;
const KEYWORDS: ReadonlySet<string> = new Set(["and", "or", "not", "true", "false", "null"]);
const NONE: Completion = { from: 0, to: 0, items: [] };

let known: readonly string[] | null = null;
/** Paths of all settings of all kinds of runs. */
export function configPaths(): readonly string[] {
  known ??= [...new Set(RUN_KINDS.flatMap(fieldPaths))].filter((path) => path !== "kind").sort();
  return known;
}

/** Completes fields and functions, settings after `config.`, and the names of metrics and tags in the quotes of a function. */
export function completionAt(text: string, caret: number, names: ExpressionNames): Completion {
  const before = text.slice(0, caret);
  const quoted = /\b([a-z]+)\(\s*(["'])([^"']*)$/i.exec(before);
  if (quoted !== null) {
    const [, name = "", quote = '"', typed = ""] = quoted;
    const items = matches(typed, name === "has" ? names.tags : names.metrics);
    // Closes the quotes and the parenthesis unless they are there.
    const rest = text.slice(caret);
    const end = rest.startsWith(quote) ? "" : `${quote}${rest.startsWith(")") ? "" : ")"}`;
    return { from: caret - typed.length, to: caret, items: items.map((item) => `${item}${end}`) };
  }
  // Inside other texts nothing is completed.
  if (/^(?:[^"']|"[^"]*"|'[^']*')*["'][^"']*$/.test(before)) return NONE;
  // Not the letters of a number such as 5e-3.
  const word = /(?<![\w.])[A-Za-z][\w.]*$/.exec(before)?.[0] ?? "";
  if (word === "" || KEYWORDS.has(word.toLowerCase())) return NONE;
  const setting = /^config\.(.*)$/.exec(word)?.[1];
  const all =
    setting === undefined
      ? [...EXPRESSION_FIELDS.map((field) => field.replace("…", "")), ...EXPRESSION_FUNCTIONS.map((name) => `${name}("`)]
      : configPaths().map((path) => `config.${path}`);
  // A complete name stands as it is, although other names may contain it.
  if (all.includes(word) && !word.endsWith(".")) return NONE;
  return { from: caret - word.length, to: caret, items: matches(word, all).filter((item) => item !== word) };
}

/** Names that start with the typed text, then those that contain it. */
function matches(typed: string, all: readonly string[]): string[] {
  const wanted = typed.toLowerCase();
  const found = all.filter((name) => name.toLowerCase().includes(wanted.replace(/^config\./, "")));
  const starts = (name: string): number => Number(!name.toLowerCase().startsWith(wanted));
  return found.toSorted((a, b) => starts(a) - starts(b)).slice(0, MOST);
}
