import path from "node:path";
import { lastLine, runCommand } from "../../src-main/lib/commands.ts";
import { installation } from "../../src-main/lib/places.ts";
import type { PartReport } from "../lib/report.ts";
import { median, type Row, row } from "../lib/samples.ts";

interface Peak {
  readonly peakMb: number;
  readonly parameters: number;
}

async function peak(generator: string, nodes: number, operations: number, cells: string): Promise<Peak> {
  const { code, output } = await runCommand(process.execPath, [
    path.join(installation, "bench", "processes", "peak-memory.ts"),
    generator,
    String(nodes),
    String(operations),
    cells,
  ]);
  if (code !== 0) throw new Error(lastLine(output));
  return JSON.parse(lastLine(output)) as Peak;
}

/** Peak memory of a process against N and the number of operations K, for a GHN and the one-shot supernet. Every measurement runs in its own process. */
export async function peakMemoryPart(quick: boolean): Promise<PartReport> {
  const rows: Row[] = [];
  const repeats = quick ? 1 : 3;
  const measure = async (name: string, generator: string, nodes: number, operations: number, cells = "own"): Promise<number> => {
    const peaks: Peak[] = [];
    for (let i = 0; i < repeats; i++) peaks.push(await peak(generator, nodes, operations, cells));
    const megabytes = peaks.map(({ peakMb }) => peakMb);
    rows.push(row(`${name}, N = ${nodes}, K = ${operations}`, megabytes, "MB", `${(peaks[0]?.parameters ?? 0).toLocaleString("en")} parameters`));
    return median(megabytes);
  };
  const own: number[] = [];
  const same: number[] = [];
  for (const operations of [3, 6, 9]) own.push(await measure("GHN", "graph", 17, operations));
  for (const operations of [3, 6, 9]) same.push(await measure("GHN, the same cells", "graph", 17, operations, "same"));
  for (const operations of [3, 6, 9]) await measure("one-shot", "one-shot", 17, operations);
  for (const nodes of [7, 17, 34]) await measure("GHN", "graph", nodes, 9);
  const growth = ([first = Number.NaN, , last = Number.NaN]: readonly number[]): number => last / first - 1;
  return {
    part: "memory",
    title: "Peak memory of a process running steps with `quick` shapes, batch 32",
    rows,
    remarks: [
      `Growth from K = 3 to 9 on the same cells, goal less than 5 %: ${growth(same) < 0.05 ? "met" : "missed"} (${(100 * growth(same)).toFixed(1)} %).`,
      `Growth on cells that use all K operations: ${(100 * growth(own)).toFixed(1)} %; the memory of a cell depends on its operations.`,
    ],
  };
}
