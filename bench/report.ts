import Table from "cli-table3";
import { digits, type Row } from "./measure.ts";

/** The figures of one part of the benchmark. */
export interface PartReport {
  readonly part: string;
  readonly title: string;
  readonly rows: readonly Row[];
  /** Goals met or missed, in words. */
  readonly remarks: readonly string[];
}

/** A table of one part for the terminal. */
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
