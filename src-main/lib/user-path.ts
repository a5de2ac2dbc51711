import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** An absolute path: `~` is the home folder, relative paths start at the working folder. */
export function userPath(path: string): string {
  if (path === "~") return homedir();
  return /^~[/\\]/.test(path) ? join(homedir(), path.slice(2)) : resolve(path);
}
