/** Opens a one-time link in the user's browser without showing it in the list of processes. */
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { runningHostsFolder, writePrivate } from "./running-hosts.ts";

/** How long the browser may take to read the file, in ms. */
const LIFE_MS = 60_000;

/**
 * Command lines are visible to all users of a computer, so the browser gets the address of a file that only the user can read and that leads to the link.
 * @returns a function that removes the file; it is also removed after a minute and when the process ends
 */
export function openInBrowser(link: string, platform: NodeJS.Platform = process.platform): () => void {
  const file = join(runningHostsFolder(), `open-${process.pid}.html`);
  writePrivate(
    file,
    `<!doctype html><meta charset="utf-8"><title>GHN Studio</title><meta http-equiv="refresh" content="0; url=${link}"><a href="${link}">Open GHN Studio</a>\n`,
  );
  const remove = (): void => {
    clearTimeout(timer);
    process.off("exit", remove);
    rmSync(file, { force: true });
  };
  const timer = setTimeout(remove, LIFE_MS);
  timer.unref();
  process.on("exit", remove);
  const command = platform === "darwin" ? "open" : platform === "win32" ? "explorer" : "xdg-open";
  const child = spawn(command, [platform === "win32" ? file : pathToFileURL(file).href], { stdio: "ignore", detached: true });
  // No browser available: the link is printed anyway.
  child.on("error", () => undefined);
  child.unref();
  return remove;
}
