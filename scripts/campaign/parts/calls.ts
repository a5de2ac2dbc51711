/** Fuzzed calls of the whole contract to a real host over HTTP, with a copy of the sample project and a folder of pictures. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import sharp from "sharp";
import { faultOfAnswer, fuzzedCalls } from "../fuzz/calls.ts";
import { faultOfRefusal } from "../fuzz/refusal.ts";
import type { PartInput } from "../part-input.ts";
import { fingerprintOf } from "../product/folders.ts";
import { usage } from "../product/processes.ts";
import { type Served, serve } from "../product/served.ts";
import { Tally } from "../tally.ts";

const CALLS = 20_000;
/** Calls that are drawn at a time; after each, runs that were started are killed. */
const BATCH = 200;
/** Longest time of one call: exports and pictures of folders take seconds while runs compute. */
const LIMIT_MS = 30_000;

export async function callCampaign({ folder, scale, seed, say }: PartInput): Promise<Tally[]> {
  const tally = new Tally("calls: fuzzed calls of the contract");
  const outside = new Tally("calls: files outside the allowed folder unchanged");
  const root = join(folder, "root");
  const home = join(folder, "home");
  mkdirSync(join(root, "exports"), { recursive: true });
  mkdirSync(home);
  writeFileSync(join(home, "thesis.txt"), "years of work");
  writeFileSync(join(root, "cell.json"), "{}");
  await pictures(join(root, "photos"));
  const before = fingerprintOf(home);
  const paths = ["photos", "exports", "new", "cell.json", "missing", "../home", "../home/thesis.txt"].map((name) => join(root, name));
  const wanted = Math.max(20, Math.round(CALLS * scale));
  let host = await serve(root);
  let restarts = 0;
  try {
    while (tally.tried < wanted) {
      if ((await host.call("project.current", {})) === null) await openSample(host);
      const { rows } = await host.call("runs.query", { limit: 50 });
      const runIds = rows.length === 0 ? ["unknown1"] : rows.map(({ id }) => id);
      for (const { name, input } of fc.sample(fuzzedCalls({ runIds, paths }), { numRuns: Math.min(BATCH, wanted), seed: seed * 1_000_003 + tally.tried })) {
        const fault = await faultOf(host, name, input);
        tally.count(fault === null ? null : `${name}(${JSON.stringify(input)?.slice(0, 300)}): ${fault}`);
        if (!host.hasEnded()) continue;
        tally.count(`the host ended after ${name}(${JSON.stringify(input)?.slice(0, 300)}): ${host.output().slice(-600)}`);
        if (++restarts > 5) return [tally, outside];
        host = await serve(root);
      }
      const fault = await killRuns(host).then(
        () => null,
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      );
      if (fault !== null || host.hasEnded()) {
        tally.count(`the runs could not be killed: ${fault ?? "the host has ended"}: ${host.output().slice(-600)}`);
        if (++restarts > 5) return [tally, outside];
        await host.stop();
        host = await serve(root);
      }
      say(`${tally.tried} of ${wanted}, ${tally.failures.length} failed, ${Math.round(usage(host.pid).megabytes)} MB`);
    }
  } finally {
    await host.stop();
  }
  outside.count(fingerprintOf(home) === before ? null : "a file outside the allowed folder was changed");
  return [tally, outside];
}

async function faultOf(host: Served, name: string, input: unknown): Promise<string | null> {
  const began = performance.now();
  try {
    const answer = await host.answer(name, input);
    const ms = performance.now() - began;
    if (ms > LIMIT_MS) return `took ${Math.round(ms)} ms`;
    const fault = faultOfAnswer(answer);
    if (fault !== null) return fault;
    if (typeof answer === "object" && answer !== null && "error" in answer) {
      const { error } = answer as { readonly error: { readonly message: string; readonly remedy?: string } };
      return faultOfRefusal(error);
    }
    return null;
  } catch (error) {
    return `no answer: ${error instanceof Error ? error.message : String(error)}`;
  }
}

async function openSample(host: Served): Promise<void> {
  await host.call("project.openSample", {});
}

/** Ends the runs that fuzzed calls have started. */
async function killRuns(host: Served): Promise<void> {
  if ((await host.call("project.current", {})) === null) return;
  for (const status of ["queued", "running"] as const)
    for (const { id } of (await host.call("runs.query", { status: [status] })).rows) await host.answer("runs.kill", { runId: id });
}

async function pictures(folder: string): Promise<void> {
  for (const name of ["cats", "dogs"]) {
    mkdirSync(join(folder, name), { recursive: true });
    for (let i = 0; i < 12; i++) {
      const noise = Buffer.from(Uint8Array.from({ length: 16 * 16 * 3 }, (_, k) => (k * (i + 3) + name.length) % 256));
      await sharp(noise, { raw: { width: 16, height: 16, channels: 3 } })
        .png()
        .toFile(join(folder, name, `${i}.png`));
    }
  }
}
