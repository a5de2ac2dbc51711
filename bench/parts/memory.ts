import path from "node:path";
import { lastLine, runCommand } from "../../src-main/setup/commands.ts";
import { installation } from "../../src-main/setup/places.ts";
import { median, type Row, row } from "../measure.ts";
import type { PartReport } from "../report.ts";

interface Peak {
  readonly peakMb: number;
  readonly parameters: number;
}

async function peak(generator: string, nodes: number, operations: number): Promise<Peak> {
  const { code, output } = await runCommand(process.execPath, [
    path.join(installation, "bench", "one-memory.ts"),
    generator,
    String(nodes),
    String(operations),
  ]);
  if (code !== 0) throw new Error(lastLine(output));
  return JSON.parse(lastLine(output)) as Peak;
}

/** Peak memory of the process over N and over the number of operations K, GHN beside the one-shot supernet; each in processes of its own. */
export async function peakMemoryPart(quick: boolean): Promise<PartReport> {
  const rows: Row[] = [];
  const repeats = quick ? 1 : 3;
  const measure = async (name: string, generator: string, nodes: number, operations: number): Promise<number> => {
    const peaks: Peak[] = [];
    for (let i = 0; i < repeats; i++) peaks.push(await peak(generator, nodes, operations));
    const megabytes = peaks.map(({ peakMb }) => peakMb);
    rows.push(row(`${name}, N = ${nodes}, K = ${operations}`, megabytes, "MB", `${(peaks[0]?.parameters ?? 0).toLocaleString("en")} parameters`));
    return median(megabytes);
  };
  const byK: number[] = [];
  for (const operations of [3, 6, 9]) byK.push(await measure("GHN", "graph", 17, operations));
  for (const operations of [3, 6, 9]) await measure("one-shot", "one-shot", 17, operations);
  for (const nodes of [7, 17, 34]) await measure("GHN", "graph", nodes, 9);
  const growth = (byK[2] ?? Number.NaN) / (byK[0] ?? Number.NaN) - 1;
  return {
    part: "memory",
    title: "Peak memory of a process that does steps of quick shapes, batch 32",
    rows,
    remarks: [`Goal of less than 5 % more memory from K = 3 to 9: ${growth < 0.05 ? "met" : "missed"} (${(100 * growth).toFixed(1)} %).`],
  };
}
