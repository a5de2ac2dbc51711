import { parseArgs } from "node:util";

export const PARTS = ["kills", "calls", "sockets", "projects", "disks", "soak"] as const;
export type PartName = (typeof PARTS)[number];

export interface CampaignOptions {
  readonly parts: readonly PartName[];
  /** Share of the whole campaign, above 0; 1 is 100 kills, 20,000 calls and an hour of soak. */
  readonly scale: number;
  readonly seed: number;
}

export const USAGE = `Usage: npm run campaign -- [--quick | --scale <share>] [--part <name>]… [--seed <number>]

Parts: ${PARTS.join(", ")}. --quick is --scale 0.05. The same seed draws the same kills, calls and damage; what they meet depends on timing.`;

/** @throws Error with a sentence for options that are not understood */
export function campaignOptions(args: readonly string[]): CampaignOptions {
  const { values } = parseArgs({
    args: [...args],
    options: { quick: { type: "boolean" }, scale: { type: "string" }, part: { type: "string", multiple: true }, seed: { type: "string" } },
  });
  const parts = values.part ?? PARTS;
  const unknown = parts.find((part) => !PARTS.some((known) => known === part));
  if (unknown !== undefined) throw new Error(`There is no part ${unknown}. Parts: ${PARTS.join(", ")}.`);
  const scale = values.scale === undefined ? (values.quick === true ? 0.05 : 1) : Number(values.scale);
  if (!(scale > 0 && scale <= 100)) throw new Error("--scale must be a number above 0.");
  const seed = Number(values.seed ?? 1);
  if (!Number.isSafeInteger(seed)) throw new Error("--seed must be a whole number.");
  return { parts: PARTS.filter((part) => parts.includes(part)), scale, seed };
}
