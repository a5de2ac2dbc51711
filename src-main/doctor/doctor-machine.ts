import { accessSync, constants, existsSync, readFileSync, statfsSync } from "node:fs";
import { createRequire } from "node:module";
import { arch, cpus, release, type as systemName, totalmem } from "node:os";
import path from "node:path";
import type { DoctorItem } from "../../src-shared/domain/records/system.ts";
import { datasetFolder, decodedImagesFolder, userConfigFolder, userDataFolder } from "../config/folders.ts";
import { packageVersion } from "../config/version.ts";
import { DecodedCache } from "../engine/datasets/folders/decoded-cache.ts";
import { lastLine, runCommand } from "../lib/commands.ts";
import { availableMemory, memoryLimit } from "../lib/memory.ts";
import { cacheFolder, installation } from "../lib/places.ts";
import { findPip } from "../tensorflow-install/entries/wheels.ts";
import { findChromium } from "./chromium.ts";
import { installedVersion } from "./doctor-compute.ts";

const GIB = 2 ** 30;
/** Disk space for the wheel, its unpacked files and a few projects. */
const NEEDED_DISK = 3 * GIB;
const NEEDED_MEMORY = 2 * GIB;

/** GHN Studio, Node, Electron and native packages. */
export function examineSoftware(): readonly DoctorItem[] {
  const area = "Software";
  const [major = 0] = process.versions.node.split(".").map(Number);
  const node: DoctorItem = { area, name: "Node", value: `${process.versions.node} (${process.execPath})`, state: major >= 24 ? "ok" : "warning" };
  return [
    { area, name: "GHN Studio", value: `${packageVersion()} in ${installation}`, state: "ok" },
    major >= 24 ? node : { ...node, reason: "GHN Studio requires Node 24 or newer.", remedy: "Run npm ci without --omit=optional, or install Node 24." },
    electronItem(area),
    sqliteItem(area),
  ];
}

function electronItem(area: string): DoctorItem {
  const running = process.versions["electron"];
  if (running !== undefined) return { area, name: "Electron", value: running, state: "ok" };
  const version = installedVersion("electron");
  const remedy = "npm start downloads it on first use. ghn-studio serve shows the same window in a browser.";
  if (version === null) return { area, name: "Electron", value: "not installed", state: "warning", reason: "The desktop application requires it.", remedy };
  const here = electronBinary() !== null;
  if (here) return { area, name: "Electron", value: version, state: "ok" };
  return {
    area,
    name: "Electron",
    value: `${version}, not downloaded yet`,
    state: "warning",
    reason: "Only the desktop application requires it.",
    remedy,
  };
}

/** Path of Electron's program; null if it is not downloaded. (Importing the package would download it.) */
export function electronBinary(folder: string = path.join(installation, "node_modules", "electron")): string | null {
  const pathFile = path.join(folder, "path.txt");
  const inside = existsSync(pathFile) ? readFileSync(pathFile, "utf8").trim() : "electron";
  const binary = path.join(process.env["ELECTRON_OVERRIDE_DIST_PATH"] ?? path.join(folder, "dist"), inside);
  return existsSync(binary) ? binary : null;
}

function sqliteItem(area: string): DoctorItem {
  try {
    const require = createRequire(import.meta.url);
    const Database = require("better-sqlite3") as new (file: string) => { prepare(sql: string): { pluck(): { get(): unknown } }; close(): void };
    const database = new Database(":memory:");
    const version = String(database.prepare("select sqlite_version()").pluck().get());
    database.close();
    return { area, name: "SQLite", value: `${version} (better-sqlite3 ${installedVersion("better-sqlite3") ?? "?"})`, state: "ok" };
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    return {
      area,
      name: "SQLite",
      value: "does not load",
      state: "missing",
      reason,
      remedy: "Run npm ci on this machine: the package contains binaries for one platform only.",
    };
  }
}

/** System, processor, memory and disk. */
export function examineMachine(): readonly DoctorItem[] {
  const area = "Machine";
  const processors = cpus();
  const limit = memoryLimit();
  const limited = limit.isLimited ? `, limited to ${gib(limit.bytes)} by the container or batch job` : "";
  const memory: DoctorItem = { area, name: "Memory", value: `${gib(totalmem())}${limited}, ${gib(availableMemory())} free`, state: "ok" };
  return [
    { area, name: "System", value: `${systemName()} ${release()} ${arch()}`, state: "ok" },
    { area, name: "Processor", value: `${processors[0]?.model.trim() || "unknown"}, ${processors.length} cores`, state: "ok" },
    limit.bytes >= NEEDED_MEMORY ? memory : { ...memory, state: "warning", reason: "A run needs about 1 GiB.", remedy: "Use small networks and batches." },
  ];
}

/** GHN Studio's folders: paths, permissions and free space. */
export function examineFolders(): readonly DoctorItem[] {
  const folders: readonly (readonly [string, string])[] = [
    ["Data", userDataFolder()],
    ["Datasets", datasetFolder()],
    ["Settings", userConfigFolder()],
    ["Cache", cacheFolder()],
  ];
  return folders.map(([name, folder]) => folderItem(name, folder));
}

/** The cache of decoded image folders. */
export async function examineDecodedImages(): Promise<DoctorItem> {
  const folder = decodedImagesFolder();
  const { entries, bytes } = await new DecodedCache(folder).usage();
  const item: DoctorItem = { area: "Folders", name: "Decoded images", value: entries === 0 ? "none cached" : `${gib(bytes)} cached in ${folder}`, state: "ok" };
  return entries === 0 ? item : { ...item, reason: "ghn-studio data clean deletes them; they are created again when needed." };
}

function folderItem(name: string, folder: string): DoctorItem {
  const area = "Folders";
  const existing = nearestExisting(folder);
  const item: DoctorItem = { area, name, value: existing === folder ? folder : `${folder} (created when needed)`, state: "ok" };
  try {
    accessSync(existing, constants.W_OK);
  } catch {
    return {
      ...item,
      state: "missing",
      reason: `${existing} is not writable.`,
      remedy: "Make it writable, or set GHN_STUDIO_DATA and GHN_STUDIO_CACHE to other folders.",
    };
  }
  const { bavail, bsize } = statfsSync(existing);
  const free = bavail * bsize;
  const value = `${item.value}, ${gib(free)} free`;
  return free >= NEEDED_DISK
    ? { ...item, value }
    : {
        ...item,
        value,
        state: "warning",
        reason: "Setting up TensorFlow needs about 3 GiB temporarily.",
        remedy: "Free some space or choose another folder.",
      };
}

function nearestExisting(folder: string): string {
  let existing = folder;
  while (!existsSync(existing) && path.dirname(existing) !== existing) existing = path.dirname(existing);
  return existing;
}

/** Programs used by the set-up and the tests. */
export async function examineTools(): Promise<readonly DoctorItem[]> {
  const area = "Tools";
  const [python, pip, compiler] = await Promise.all([
    firstAnswer([
      ["python3", "--version"],
      ["python", "--version"],
    ]),
    findPip(),
    firstAnswer([
      ["g++", "--version"],
      ["clang++", "--version"],
      ["c++", "--version"],
    ]),
  ]);
  const chromium = findChromium();
  const forSetup = "Only the set-up of TensorFlow requires it.";
  return [
    tool(area, "Python", python, forSetup, "Install Python 3 (Debian: apt-get install python3)."),
    tool(area, "pip", pip === null ? null : pip.join(" "), forSetup, "Install pip (Debian: apt-get install python3-pip)."),
    tool(area, "C++ compiler", compiler, forSetup, "Install one (Debian: apt-get install g++)."),
    tool(
      area,
      "Chromium",
      chromium,
      "Only the browser tests require it.",
      "Install it (Debian: apt-get install chromium) or set GHN_STUDIO_CHROMIUM to its path.",
    ),
  ];
}

function tool(area: string, name: string, value: string | null, reason: string, remedy: string): DoctorItem {
  return value === null ? { area, name, value: "not found", state: "warning", reason, remedy } : { area, name, value, state: "ok" };
}

async function firstAnswer(commands: readonly (readonly [string, ...string[]])[]): Promise<string | null> {
  for (const [program, ...args] of commands) {
    const { code, output } = await runCommand(program, args, { timeoutMs: 20_000 });
    if (code === 0) return output.split("\n")[0]?.trim() || lastLine(output) || program;
  }
  return null;
}

function gib(bytes: number): string {
  return `${(bytes / GIB).toFixed(1)} GiB`;
}
