/**
 * `npm run bench [-- parts] [--peer] [--threads n] [--quick] [--json file]`: runs the benchmarks and prints tables with medians and quartiles.
 * On a shared machine, only times of the same run are comparable.
 */
import { writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { initBackend } from "../src-main/engine/backend/index.ts";
import { type PartReport, printPart } from "./lib/report.ts";
import { growthPart } from "./parts/growth.ts";
import { ingestionPart } from "./parts/ingestion.ts";
import { peakMemoryPart } from "./parts/memory.ts";
import { peerParts } from "./parts/peer.ts";
import { childrenPart, fallbackPart } from "./parts/processes.ts";
import { statePart } from "./parts/state.ts";
import { streamingPart } from "./parts/streaming.ts";
import { uiPart } from "./ui/run.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    peer: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    threads: { type: "string", default: String(availableParallelism()) },
    json: { type: "string" },
  },
});
const threads = Math.max(1, Number(values.threads) || 1);
const wanted = (part: string): boolean => (positionals.length === 0 ? !values.peer : positionals.includes(part));

const backend = await initBackend({ threads });
console.log(
  `${cpus()[0]?.model.trim() ?? "unknown processor"}, ${threads} threads, ${(totalmem() / 1024 ** 3).toFixed(0)} GB; ${backend.libraryVersion} (${backend.name}); Node ${process.versions.node}`,
);
const load = (when: string): void => console.log(`Load average ${when}: ${(loadavg()[0] ?? 0).toFixed(1)}.`);
load("at the start");
const reports: PartReport[] = [];
const add = (report: PartReport): void => {
  reports.push(report);
  printPart(report);
};
if (wanted("growth")) add(growthPart(backend, values.quick));
if (wanted("memory")) add(await peakMemoryPart(values.quick));
if (wanted("state")) add(await statePart(backend, values.quick));
if (wanted("fallback")) add(await fallbackPart());
if (wanted("children")) add(await childrenPart());
if (wanted("ingestion")) add(await ingestionPart());
if (wanted("streaming")) for await (const report of streamingPart(backend, values.quick)) add(report);
if (wanted("ui")) for (const report of await uiPart(values.quick)) add(report);
if (values.peer) for await (const report of peerParts(backend, threads, values.quick)) add(report);
load("at the end");
if (values.json !== undefined)
  writeFileSync(values.json, JSON.stringify({ at: new Date().toISOString(), threads, backend: backend.libraryVersion, reports }, null, 2));
process.exit(0);
