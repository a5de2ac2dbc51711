/** Remembers failed set-ups, so that not every command waits for an unreachable network. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Wanted } from "./entry.ts";

const FILE = "failed.json";
const REMEMBERED_MS = 3_600_000;

export function rememberFailure(root: string, wanted: Wanted, reasons: readonly string[]): void {
  writeFileSync(path.join(root, FILE), JSON.stringify({ wanted: key(wanted), at: Date.now(), reasons }));
}

/** Reasons of a failure in the last hour; null if there was none. */
export function recentFailure(root: string, wanted: Wanted, now: number = Date.now()): readonly string[] | null {
  try {
    const failure = JSON.parse(readFileSync(path.join(root, FILE), "utf8")) as { wanted?: unknown; at?: unknown; reasons?: unknown };
    if (failure.wanted !== key(wanted) || typeof failure.at !== "number" || !Array.isArray(failure.reasons)) return null;
    const age = now - failure.at;
    return age >= 0 && age < REMEMBERED_MS
      ? failure.reasons.map((reason) => `${String(reason)} (tried ${Math.max(1, Math.round(age / 60_000))} min ago)`)
      : null;
  } catch {
    return null;
  }
}

export function forgetFailure(root: string): void {
  rmSync(path.join(root, FILE), { force: true });
}

function key({ binding, flavour, version }: Wanted): string {
  return [process.platform, process.arch, binding, flavour, version ?? "newest"].join(" ");
}
