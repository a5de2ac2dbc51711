/** Downloads Python wheels with pip, which verifies them, and unpacks them. No code from a wheel is run. */
import { createWriteStream, readdirSync } from "node:fs";
import path from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import yauzl from "yauzl";
import { lastLine, runCommand } from "../../lib/commands.ts";
import { makeFolder } from "../../lib/make-folder.ts";

/** A working pip: program and first arguments. */
export type Pip = readonly [string, ...string[]];

/** The machine's pip; null if there is none. */
export async function findPip(): Promise<Pip | null> {
  for (const [program, ...args] of [["python3", "-m", "pip"], ["pip3"], ["python", "-m", "pip"]] as const) {
    const { code } = await runCommand(program, [...args, "--version"], { timeoutMs: 30_000 });
    if (code === 0) return [program, ...args];
  }
  return null;
}

/**
 * Downloads one wheel without its dependencies. If there is no wheel for the machine's Python, the one for Python 3.12 works too: only C code is used.
 * @param requirement for example `tensorflow-cpu` or `tensorflow-cpu==2.21.0`
 * @returns path of the wheel
 * @throws Error with the last line of pip's output
 */
export async function downloadWheel(pip: Pip, requirement: string, folder: string): Promise<string> {
  makeFolder(folder);
  const [program, ...args] = pip;
  const common = [...args, "download", "--no-deps", "--only-binary=:all:", "--quiet", "--progress-bar", "off", "--dest", folder];
  const platforms =
    process.arch === "arm64"
      ? ["manylinux_2_17_aarch64", "manylinux_2_27_aarch64"]
      : ["manylinux_2_17_x86_64", "manylinux_2_27_x86_64", "manylinux2014_x86_64"];
  const attempts = [[requirement], ["--python-version", "3.12", "--implementation", "cp", ...platforms.flatMap((name) => ["--platform", name]), requirement]];
  let reason = "";
  for (const attempt of attempts) {
    const before = new Set(readdirSync(folder));
    const { code, output } = await runCommand(program, [...common, ...attempt]);
    const wheel = readdirSync(folder).find((name) => name.endsWith(".whl") && !before.has(name));
    if (code === 0 && wheel !== undefined) return path.join(folder, wheel);
    reason ||= lastLine(output);
  }
  throw new Error(`pip could not download ${requirement}: ${reason}`);
}

/**
 * Unpacks the entries of an archive for which `place` returns a path inside `folder`; others are skipped.
 * @returns number of files written
 * @throws Error if a path is outside the folder
 */
export async function unpackWheel(archive: string, folder: string, place: (entry: string) => string | null): Promise<number> {
  const zip = await open(archive);
  let files = 0;
  await new Promise<void>((resolve, reject) => {
    const next = (): void => zip.readEntry();
    zip.on("error", reject);
    zip.on("end", resolve);
    zip.on("entry", (entry: yauzl.Entry) => {
      const relative = entry.fileName.endsWith("/") ? null : place(entry.fileName);
      if (relative === null) return next();
      const target = path.resolve(folder, relative);
      if (!target.startsWith(path.resolve(folder) + path.sep)) return reject(new Error(`${entry.fileName} is outside the target folder.`));
      zip.openReadStream(entry, (error, stream: Readable) => {
        if (error !== null && error !== undefined) return reject(error);
        makeFolder(path.dirname(target));
        files += 1;
        pipeline(stream, createWriteStream(target, { mode: 0o755 })).then(next, reject);
      });
    });
    next();
  });
  return files;
}

function open(archive: string): Promise<yauzl.ZipFile> {
  return new Promise((resolve, reject) => {
    yauzl.open(archive, { lazyEntries: true, autoClose: true }, (error, zip) => (error ? reject(error) : resolve(zip)));
  });
}

/** Reads one small file of an archive as text; empty if it does not exist. */
export async function readEntry(archive: string, wanted: (entry: string) => boolean): Promise<string> {
  const zip = await open(archive);
  return await new Promise<string>((resolve, reject) => {
    zip.on("error", reject);
    zip.on("end", () => resolve(""));
    zip.on("entry", (entry: yauzl.Entry) => {
      if (!wanted(entry.fileName)) return zip.readEntry();
      zip.openReadStream(entry, (error, stream: Readable) => {
        if (error !== null && error !== undefined) return reject(error);
        const chunks: Buffer[] = [];
        stream.on("data", (chunk: Buffer) => chunks.push(chunk));
        stream.on("end", () => {
          zip.close();
          resolve(Buffer.concat(chunks).toString("utf8"));
        });
        stream.on("error", reject);
      });
    });
    zip.readEntry();
  });
}
