/** A host that is used for an hour: runs, event connections, queries, exports. Memory and handles must level off. */
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { WebSocket } from "ws";
import { runConfigSchema } from "../../../src-shared/domain/config/run-config.ts";
import { EVENT_PROTOCOL } from "../../../src-shared/web-session.ts";
import type { PartInput } from "../part-input.ts";
import { usage } from "../product/processes.ts";
import { type Served, serve } from "../product/served.ts";
import { Tally } from "../tally.ts";

const HOUR_MS = 3_600_000;
/** Growth from the middle third to the last one that is taken for noise. */
const MEMORY_MB = 40;
const HANDLES = 15;

/** A GHN training of seconds. */
const TINY_RUN = {
  kind: "ghn-training",
  dataset: { id: "digits", validationImages: 60, trainImages: 200 },
  network: { blocks: 1, initialChannels: 4, reductions: [] },
  compute: { backend: "wasm" },
  space: { nodes: 2 },
  ghn: { hiddenSize: 8, messageHiddenSize: 8, decoderHiddenSize: 8, propagationSteps: 1 },
  training: { nodes: 2, epochs: 1, batchSize: 32, validationCells: 0, validationImages: 30, augmentation: { cropPadding: 0, horizontalFlip: false } },
};

export async function soakCampaign({ folder, scale, say }: PartInput): Promise<Tally[]> {
  const rounds = new Tally("soak: rounds of use");
  const level = new Tally("soak: memory and handles level off");
  const host = await serve(folder);
  const until = performance.now() + Math.max(60_000, HOUR_MS * scale);
  const samples: { readonly megabytes: number; readonly handles: number }[] = [];
  try {
    await host.call("project.create", { folder: join(folder, "project"), name: "Soak" });
    while (performance.now() < until && !host.hasEnded()) {
      rounds.count(await oneRound(host, folder).catch((error: unknown) => (error instanceof Error ? error.message : String(error))));
      if (host.hasEnded()) break;
      samples.push(usage(host.pid));
      const last = samples.at(-1);
      if (rounds.tried % 10 === 0) say(`round ${rounds.tried}: ${Math.round(last?.megabytes ?? 0)} MB, ${last?.handles ?? 0} handles`);
    }
    if (host.hasEnded()) level.count(`the host has ended: ${host.output().slice(-600)}`);
  } finally {
    await host.stop();
  }
  const [middle, last] = [
    samples.slice(Math.floor(samples.length / 3), Math.floor((2 * samples.length) / 3)),
    samples.slice(Math.floor((2 * samples.length) / 3)),
  ];
  if (middle.length === 0) level.skipped = "too few rounds.";
  else
    for (const [unit, most, of] of [
      ["MB", MEMORY_MB, (sample: (typeof samples)[number]) => sample.megabytes],
      ["handles", HANDLES, (sample: (typeof samples)[number]) => sample.handles],
    ] as const) {
      const [before, after] = [median(middle.map(of)), median(last.map(of))];
      level.count(after - before <= most ? null : `from ${before.toFixed(0)} to ${after.toFixed(0)} ${unit}`);
      level.facts.push(`${before.toFixed(0)} → ${after.toFixed(0)} ${unit}`);
    }
  return [rounds, level];
}

/** A run with a page that watches it, then everything that windows ask, then the run is purged. */
async function oneRound(host: Served, folder: string): Promise<string | null> {
  const socket = new WebSocket(`${host.origin.replace("http", "ws")}/events`, [EVENT_PROTOCOL, host.token], { headers: { origin: host.origin } });
  let events = 0;
  socket.on("message", () => events++);
  socket.on("error", () => undefined);
  try {
    const { id: runId } = await host.call("runs.create", { name: "Tiny", config: runConfigSchema.parse(TINY_RUN) });
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type: "subscribe", runIds: [runId] }));
    for (let waited = 0; ; waited += 100) {
      const { status, failure } = await host.call("runs.get", { runId });
      if (status === "completed") break;
      if (status !== "queued" && status !== "running") return `the run is ${status}: ${failure?.message ?? ""}`;
      if (waited > 120_000) return "the run did not end";
      await wait(100);
    }
    await host.call("metrics.series", { runIds: [runId], names: ["ghn/loss"] });
    await host.call("runs.query", { expression: 'best("ghn/loss") > 0' });
    await host.call("runs.csv", {});
    await host.call("cells.sample", { space: TINY_RUN.space, network: { blocks: 2, reductions: [1] }, dataset: { id: "digits" }, seed: 1, count: 5 });
    await host.call("datasets.preview", { dataset: { id: "digits" } });
    await host.call("export.write", { subject: { type: "run", runId }, formats: ["config-json"], folder: join(folder, "exports"), baseName: "soak" });
    await host.call("runs.trash", { runIds: [runId] });
    await host.call("runs.purge", { runIds: [runId] });
    await host.call("project.close", {});
    await host.call("project.open", { folder: join(folder, "project") });
    return events > 0 ? null : "no event arrived";
  } finally {
    socket.terminate();
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
