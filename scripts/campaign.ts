/**
 * `npm run campaign`: kills, fuzzed calls, broken connections, hostile projects, full disks and a soak against the real program, for hours. Prints what was tried and what
 * failed; exit code 1 if anything did. See docs/reliability.md.
 */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { campaignOptions, type PartName, USAGE } from "./campaign/campaign-options.ts";
import type { PartInput } from "./campaign/part-input.ts";
import { callCampaign } from "./campaign/parts/calls.ts";
import { diskCampaign } from "./campaign/parts/disks.ts";
import { killCampaign } from "./campaign/parts/kills.ts";
import { projectCampaign } from "./campaign/parts/projects.ts";
import { soakCampaign } from "./campaign/parts/soak.ts";
import { socketCampaign } from "./campaign/parts/sockets.ts";
import { report, Tally } from "./campaign/tally.ts";

const RUN: Readonly<Record<PartName, (input: PartInput) => Promise<Tally[]>>> = {
  kills: killCampaign,
  calls: callCampaign,
  sockets: socketCampaign,
  projects: projectCampaign,
  disks: diskCampaign,
  soak: soakCampaign,
};

const say = (text: string): void => void process.stderr.write(`${text}\n`);

async function runPart(part: PartName, scale: number, seed: number): Promise<Tally[]> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), `ghn-campaign-${part}-`)));
  const began = performance.now();
  try {
    return await RUN[part]({ folder, scale, seed, say: (text) => say(`${part}: ${text}`) });
  } catch (error) {
    const broken = new Tally(part);
    broken.count(`the part itself failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return [broken];
  } finally {
    say(`${part}: ended after ${Math.round((performance.now() - began) / 1000)} s`);
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.platform !== "linux") {
  say("The campaign runs on Linux only: it reads /proc, mounts tmpfs and kills process trees.");
  process.exitCode = 2;
} else
  try {
    const { parts, scale, seed } = campaignOptions(process.argv.slice(2));
    const tallies: Tally[] = [];
    for (const part of parts) tallies.push(...(await runPart(part, scale, seed)));
    process.stdout.write(`${report(tallies)}\n`);
    process.exitCode = tallies.some(({ failures }) => failures.length > 0) ? 1 : 0;
  } catch (error) {
    say(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    process.exitCode = 2;
  }
