/**
 * The user's running web hosts: one file per host, which only the user can read, with a token. It lets `ghn-studio link` ask a host for a new one-time link.
 */
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { linkTo, TOKEN_HEADER } from "../../../src-shared/web-session.ts";
import { userDataFolder } from "../../config/folders.ts";
import { writeFileAtomicSync } from "../../lib/files.ts";
import { makeFolder } from "../../lib/make-folder.ts";
import { isAlive, ownIdentity } from "../../lib/process-identity.ts";

const entrySchema = z.object({
  pid: z.int().positive(),
  host: z.string(),
  startTime: z.string().nullable(),
  /** Address of the page. */
  base: z.url(),
  project: z.string().nullable(),
  token: z.string(),
});
type HostEntry = z.infer<typeof entrySchema>;

/** Only the user may read it, because its files contain tokens. */
export function runningHostsFolder(): string {
  const folder = join(userDataFolder(), "hosts");
  makeFolder(folder, 0o700);
  return folder;
}

/** Registers a host of this process. @returns a function that removes it */
export function registerHost(entry: Pick<HostEntry, "base" | "project" | "token">): () => void {
  const file = join(runningHostsFolder(), `${process.pid}-${new URL(entry.base).port}.json`);
  writePrivate(file, JSON.stringify({ ...ownIdentity(), ...entry } satisfies HostEntry));
  return () => rmSync(file, { force: true });
}

/** Writes a file that only the user can read, at once: other processes see all of it or nothing. */
export function writePrivate(file: string, text: string): void {
  writeFileAtomicSync(file, text, 0o600);
}

/** Hosts of this user on this computer whose process is alive. Removes the files of those that have ended. */
export function runningHosts(): HostEntry[] {
  const folder = runningHostsFolder();
  return readdirSync(folder)
    .filter((name) => /^\d+-\d+\.json$/.test(name))
    .flatMap((name) => {
      const file = join(folder, name);
      const entry = readEntry(file);
      // The folder may be shared with other computers, whose processes cannot be seen from here.
      if (entry !== null && entry.host !== hostname()) return [];
      if (entry !== null && isAlive(entry)) return [entry];
      rmSync(file, { force: true });
      return [];
    });
}

/** A new one-time link of a host; null if the host does not answer. */
export async function requestLink({ base, token }: HostEntry): Promise<string | null> {
  try {
    const response = await fetch(`${base}link`, {
      method: "POST",
      headers: { [TOKEN_HEADER]: token, origin: new URL(base).origin },
      signal: AbortSignal.timeout(5000),
    });
    const { code } = z.object({ code: z.string() }).parse(await response.json());
    return linkTo(base, code);
  } catch {
    return null;
  }
}

function readEntry(file: string): HostEntry | null {
  try {
    return entrySchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    // Written by another version.
    return null;
  }
}
