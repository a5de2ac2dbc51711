import Table from "cli-table3";
import { digits, type Row } from "./samples.ts";

/** The results of one part of the benchmark. */
export interface PartReport {
  readonly part: string;
  readonly title: string;
  readonly rows: readonly Row[];
  /** Sentences below the table, for example whether goals were met. */
  readonly remarks: readonly string[];
}

/** Prints the table of one part to the terminal. */
export function printPart(report: PartReport): void {
  const table = new Table({
    head: ["", "median", "middle half", "unit", "note"],
    style: { head: [], border: [] },
    colAligns: ["left", "right", "right", "left", "left"],
  });
  for (const { what, median, low, high, unit, note } of report.rows) table.push([what, digits(median), `${digits(low)} – ${digits(high)}`, unit, note ?? ""]);
  console.log(`\n${report.title}`);
  console.log(table.toString());
  for (const remark of report.remarks) console.log(`  ${remark}`);
}
