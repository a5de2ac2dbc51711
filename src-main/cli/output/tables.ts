/** Tables and name-value lists for terminals. */
import Table from "cli-table3";
import type { Io } from "./io.ts";

export interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
}

const QUIET = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: "  ",
};

/** A table without rules, easy to read and to parse. */
export function table(io: Io, columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const printed = new Table({
    head: columns.map((column) => io.style("bold", column.title)),
    colAligns: columns.map((column) => column.align ?? "left"),
    chars: QUIET,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
  });
  printed.push(...rows.map((row) => [...row]));
  return trimLines(printed.toString());
}

/** Names and values, one pair per line. */
export function facts(io: Io, entries: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(0, ...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `${io.style("dim", name.padEnd(width))}  ${value}`).join("\n");
}

function trimLines(text: string): string {
  return text
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}
