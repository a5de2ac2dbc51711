/** Genotypes as DARTS-style code writes them: `NAME = Genotype(normal=[('sep_conv_3x3', 0), …], normal_concat=[2, 3], reduce=…, reduce_concat=…)`. */
import { UserError } from "../../lib/errors.ts";
import { MAX_ARCHITECTURE_FILE } from "./architecture-file.ts";

/** Operation and state that it reads. States 0 and 1 are the outputs of the cells i − 2 and i − 1; state 2 + s is step s. */
export type Term = readonly [operation: string, state: number];

/** One cell: step s adds the terms 2s and 2s + 1, and the states in `concat` are concatenated. */
export interface GenotypeCell {
  readonly terms: readonly Term[];
  readonly concat: readonly number[];
}

export interface Genotype {
  /** The variable that the genotype is assigned to, if there is one. */
  readonly name: string | null;
  readonly normal: GenotypeCell;
  readonly reduce: GenotypeCell;
}

/** Most elements that a list is read with; a cell has at most 64 nodes. */
const MAX_ELEMENTS = 256;
const FIELDS = ["normal", "normal_concat", "reduce", "reduce_concat"] as const;
type Field = (typeof FIELDS)[number];

/** The genotype as Python code, one line per field. */
export function genotypeText({ name, normal, reduce }: Genotype): string {
  const terms = (cell: GenotypeCell): string => `[${cell.terms.map(([operation, state]) => `('${operation}', ${state})`).join(", ")}]`;
  const concat = (cell: GenotypeCell): string => `[${cell.concat.join(", ")}]`;
  return `${name === null ? "" : `${name} = `}Genotype(
    normal=${terms(normal)},
    normal_concat=${concat(normal)},
    reduce=${terms(reduce)},
    reduce_concat=${concat(reduce)},
)
`;
}

/** Whether a text is meant to be a genotype, not a cell file. */
export function looksLikeGenotype(text: string): boolean {
  return !/^\s*[{[]/.test(text) && /\bGenotype\s*\(/.test(text.slice(0, MAX_ARCHITECTURE_FILE));
}

/**
 * Reads one genotype from Python code: lists or tuples, either kind of quotes, `range(a, b)` for the concatenation, comments, and other lines before it.
 * `where` names the text in messages.
 * @throws UserError `cell-too-large`, `cell-genotype`
 */
export function parseGenotype(text: string, where: string): Genotype {
  if (text.length > MAX_ARCHITECTURE_FILE)
    throw new UserError(`${where} is too large for a genotype.`, { code: "cell-too-large", file: where, remedy: "Check that it is the right file." });
  const reader = new Reader(text, where);
  const name = reader.begin();
  const lists = new Map<Field, readonly Term[] | readonly number[]>();
  while (!reader.take(")")) {
    const field = FIELDS.find((known) => known === reader.peek());
    if (field === undefined) throw reader.problem(`expected one of ${FIELDS.join(", ")}`);
    if (lists.has(field)) throw reader.problem(`${field} is given twice`);
    reader.skip();
    reader.expect("=");
    lists.set(field, field.endsWith("_concat") ? reader.states() : reader.list(() => reader.term()));
    if (!reader.take(",") && reader.peek() !== ")") throw reader.problem('expected "," or ")"');
  }
  if (reader.hasAnother()) throw reader.problem("there is a second genotype; keep one");
  const missing = FIELDS.find((field) => !lists.has(field));
  if (missing !== undefined) throw reader.problem(`${missing} is missing`);
  const cell = (field: "normal" | "reduce"): GenotypeCell => ({
    terms: (lists.get(field) ?? []) as readonly Term[],
    concat: (lists.get(`${field}_concat`) ?? []) as readonly number[],
  });
  return { name, normal: cell("normal"), reduce: cell("reduce") };
}

/** Tokens of the text and a position among them. */
class Reader {
  readonly #tokens: readonly string[];
  readonly #where: string;
  #at = 0;

  constructor(text: string, where: string) {
    this.#where = where;
    // Strings, names, whole numbers and single characters; comments and blanks are left out.
    this.#tokens = [...text.matchAll(/#[^\n]*|'[^'\n]*'|"[^"\n]*"|[A-Za-z_]\w*|\d+|\S/g)].map(([token]) => token).filter((token) => !token.startsWith("#"));
  }

  /** Moves behind `Genotype(`; returns the name that it is assigned to. */
  begin(): string | null {
    const found = this.#next(0);
    if (found === -1) throw this.problem("there is no Genotype( in it");
    this.#at = found + 2;
    const name = this.#tokens[found - 2] ?? "";
    return this.#tokens[found - 1] === "=" && /^[A-Za-z_]\w{0,199}$/.test(name) ? name : null;
  }

  hasAnother(): boolean {
    return this.#next(this.#at) !== -1;
  }

  #next(from: number): number {
    return this.#tokens.findIndex((token, i) => i >= from && token === "Genotype" && this.#tokens[i + 1] === "(");
  }

  peek(): string | undefined {
    return this.#tokens[this.#at];
  }

  skip(): void {
    this.#at++;
  }

  take(token: string): boolean {
    if (this.peek() !== token) return false;
    this.#at++;
    return true;
  }

  expect(token: string): void {
    if (!this.take(token)) throw this.problem(`expected "${token}"`);
  }

  /** A list or tuple of elements, with or without a comma at its end. */
  list<Element>(element: () => Element): Element[] {
    const close = this.take("[") ? "]" : this.take("(") ? ")" : null;
    if (close === null) throw this.problem("expected a list");
    const elements: Element[] = [];
    while (!this.take(close)) {
      if (elements.length >= MAX_ELEMENTS) throw this.problem(`a list has more than ${MAX_ELEMENTS} elements`);
      elements.push(element());
      if (!this.take(",") && this.peek() !== close) throw this.problem(`expected "," or "${close}"`);
    }
    return elements;
  }

  term(): Term {
    const close = this.take("(") ? ")" : this.take("[") ? "]" : null;
    if (close === null) throw this.problem("expected a pair of an operation and a state, such as ('skip_connect', 0)");
    const text = /^(['"])(\w{1,40})\1$/.exec(this.peek() ?? "")?.[2];
    if (text === undefined) throw this.problem("expected the name of an operation in quotes");
    this.#at++;
    this.expect(",");
    const state = this.number();
    this.take(",");
    this.expect(close);
    return [text, state];
  }

  states(): number[] {
    const wrapped = this.take("list");
    if (wrapped) this.expect("(");
    const states = this.take("range") ? this.#range() : this.list(() => this.number());
    if (wrapped) this.expect(")");
    return states;
  }

  #range(): number[] {
    this.expect("(");
    const first = this.number();
    this.expect(",");
    const end = this.number();
    this.expect(")");
    if (end - first > MAX_ELEMENTS) throw this.problem(`a range has more than ${MAX_ELEMENTS} elements`);
    return Array.from({ length: Math.max(0, end - first) }, (_, i) => first + i);
  }

  number(): number {
    const token = this.peek() ?? "";
    if (!/^\d{1,3}$/.test(token)) throw this.problem("expected the number of a state");
    this.#at++;
    return Number(token);
  }

  problem(why: string): UserError {
    const token = this.peek();
    const at = token === undefined ? "at its end" : `near ${JSON.stringify(token.slice(0, 40))}`;
    return new UserError(`${this.#where} is not a genotype that can be read: ${why} (${at}).`, {
      code: "cell-genotype",
      file: this.#where,
      remedy: "Write Genotype(normal=[('sep_conv_3x3', 0), …], normal_concat=[2, …], reduce=[…], reduce_concat=[…]).",
    });
  }
}
