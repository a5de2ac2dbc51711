/** What other users of the computer can see of `ghn-studio serve`: command lines and files. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { codeIn } from "../../../src-shared/web-session.ts";
import { pageSession } from "../support/web-page.ts";

const CLI = join(import.meta.dirname, "..", "..", "..", "src-main", "cli.ts");
let folder: string;
let environment: NodeJS.ProcessEnv;
let child: ChildProcess | null = null;
let output = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ghn-shared-"));
  mkdirSync(join(folder, "bin"));
  // A browser that notes its command line and waits, so that the list of processes shows it.
  writeFileSync(join(folder, "bin", "xdg-open"), `#!/bin/sh\necho "$@" > ${folder}/opened\nsleep 20\n`);
  chmodSync(join(folder, "bin", "xdg-open"), 0o755);
  environment = { ...process.env, PATH: `${join(folder, "bin")}${delimiter}${process.env["PATH"] ?? ""}`, GHN_STUDIO_DATA: join(folder, "data") };
  output = "";
});
afterEach(() => {
  child?.kill("SIGKILL");
  child = null;
  rmSync(folder, { recursive: true, force: true });
});

async function serve(...args: string[]): Promise<string> {
  const started = spawn(process.execPath, [CLI, "serve", "--root", folder, ...args], { env: environment, cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  child = started;
  for (const stream of [started.stdout, started.stderr]) stream.on("data", (text: Buffer) => (output += String(text)));
  return vi.waitFor(
    () => {
      const found = /http:\/\/127\.0\.0\.1:\d+\/\S*#code=[\w-]+/.exec(output)?.[0];
      if (found === undefined) throw new Error(output);
      return found;
    },
    { timeout: 30_000, interval: 50 },
  );
}

function link(...args: string[]): string {
  return execFileSync(process.execPath, [CLI, "link", ...args], { env: environment, cwd: folder, encoding: "utf8", stdio: "pipe" }).trim();
}

/** Command lines of all processes. */
function processes(): string {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8");
      } catch {
        return "";
      }
    })
    .join("\n");
}

/** Files below a folder that other users can read. */
function readableByOthers(place: string): string[] {
  return readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => (statSync(file).mode & 0o077) !== 0);
}

test.skipIf(process.platform !== "linux")(
  "--open shows no secret in the list of processes, and the file it uses is private and short-lived",
  { timeout: 60_000 },
  async () => {
    const printed = await serve("--port", "0", "--open");
    const opened = await vi.waitFor(() => readFileSync(join(folder, "opened"), "utf8").trim(), { timeout: 10_000, interval: 50 });
    expect(opened).toMatch(/^file:\/\/\/.*\.html$/);
    const file = fileURLToPath(opened);
    const page = readFileSync(file, "utf8");
    const code = /#code=([\w-]{43})/.exec(page)?.[1] ?? "";
    expect(code).not.toBe("");
    const seen = processes();
    // Not `toContain`, which would print the list when it fails.
    expect(seen.includes(opened)).toBe(true);
    for (const secret of [code, codeIn(printed) ?? "", "#code="]) expect(seen.includes(secret), secret).toBe(false);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const { session } = await pageSession(new URL(".", printed).href, /content="0; url=([^"]+)"/.exec(page)?.[1] ?? "");
    expect(session.token).not.toBe("");
    expect(processes().includes(session.token)).toBe(false);
    await vi.waitFor(() => expect(existsSync(file)).toBe(false), { timeout: 5000, interval: 50 });
  },
);

test("files that hold secrets are readable by the user only, and go away with the host", { timeout: 60_000 }, async () => {
  const printed = await serve("--port", "0");
  const hosts = join(folder, "data", "hosts");
  expect(readdirSync(hosts)).toHaveLength(1);
  if (process.platform !== "win32") {
    expect(statSync(hosts).mode & 0o777).toBe(0o700);
    const { bridge } = await pageSession(new URL(".", printed).href, printed);
    expect(await bridge.call("settings.set", { key: "a", value: 1 })).toMatchObject({ ok: true });
    await vi.waitFor(() => expect(existsSync(join(folder, "data", "settings.json"))).toBe(true));
    expect(readableByOthers(join(folder, "data"))).toEqual([]);
  }
  const ended = child === null ? null : once(child, "exit");
  child?.kill("SIGTERM");
  await ended;
  expect(readdirSync(hosts)).toEqual([]);
});

test("`ghn-studio link` gives a new link, one per running host, and says so when there is none", { timeout: 90_000 }, async () => {
  expect(() => link()).toThrow(/not being served[\s\S]*ghn-studio serve/);
  const printed = await serve("--port", "0");
  const another = link();
  expect(another).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#code=[\w-]{43}$/);
  const base = new URL(".", printed).href;
  const sessions = [await pageSession(base, printed), await pageSession(base, another)];
  for (const { bridge } of sessions) expect(await bridge.call("project.current", {})).toMatchObject({ ok: true });
  await expect(pageSession(base, printed)).rejects.toThrow("already been used");
  expect(() => link("--port", "1")).toThrow(/on port 1/);
  // A host that was killed leaves its file behind.
  child?.kill("SIGKILL");
  await vi.waitFor(() => expect(child?.signalCode).toBe("SIGKILL"));
  expect(() => link()).toThrow(/not being served/);
  expect(readdirSync(join(folder, "data", "hosts"))).toEqual([]);
});
