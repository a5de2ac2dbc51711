import { lstat, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { unreadable } from "./errors.ts";
import { isClutter, MAX_DEPTH, SourceGate } from "./gate.ts";
import type { SourceVisitor } from "./visitor.ts";

/** Reads the wanted files of a folder by name. Links are skipped. Errors as in `readSource`. */
export async function readFolder(root: string, visitor: SourceVisitor): Promise<void> {
  const gate = new SourceGate(root, visitor.limits);
  let done = 0;
  for (const name of await listFolder(root, visitor, gate)) {
    visitor.signal?.throwIfAborted();
    const path = join(root, name);
    const { size } = await lstat(path).catch((error: unknown) => {
      throw unreadable(path, error);
    });
    gate.admit(name, size);
    const bytes = await readFile(path).catch((error: unknown) => {
      throw unreadable(path, error);
    });
    done += bytes.length;
    visitor.onBytes?.(done, null);
    await visitor.onEntry({ name, bytes });
  }
}

async function listFolder(root: string, visitor: Pick<SourceVisitor, "wanted" | "signal">, gate: SourceGate): Promise<string[]> {
  const names: string[] = [];
  const walk = async (relative: string, depth: number): Promise<void> => {
    visitor.signal?.throwIfAborted();
    const children = await readdir(join(root, relative), { withFileTypes: true }).catch((error: unknown) => {
      throw unreadable(join(root, relative), error);
    });
    for (const child of children.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const name = relative === "" ? child.name : `${relative}/${child.name}`;
      gate.count(name);
      if (child.isDirectory()) {
        if (depth < MAX_DEPTH && !isClutter(name)) await walk(name, depth + 1);
      } else if (child.isFile() && !isClutter(name) && visitor.wanted(name)) names.push(name);
    }
  };
  await walk("", 0);
  return names;
}
