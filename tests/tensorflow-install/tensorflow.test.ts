import { spawn } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, vi } from "vitest";
import { BINDING_FILE, LIBRARY_FOLDER } from "../../src-main/tensorflow-install/entries/entry.ts";
import { linkedEntry } from "../../src-main/tensorflow-install/entries/links.ts";
import { ensureTensorFlow, installedTensorFlow, type SetupOptions } from "../../src-main/tensorflow-install/tensorflow.ts";
import { temporaryFolder } from "./support/folder.ts";
import { freshPackage, fromThisInstallation } from "./support/real-entry.ts";

const fails = (reason: string) => async (): Promise<never> => {
  throw new Error(reason);
};

/** An empty cache, a fresh package, and sources that fail unless given. */
function place(sources: Partial<NonNullable<SetupOptions["sources"]>> = {}) {
  const root = temporaryFolder();
  const cache = path.join(root, "cache");
  const packageFolder = freshPackage(root);
  const options = {
    cache,
    packageFolder,
    flavour: "cpu",
    // Compiling them takes several seconds; the first test does.
    ownKernels: false,
    sources: { pip: fails("no network."), prebuilt: fails("no download."), ...sources },
  } satisfies SetupOptions;
  return {
    root,
    cache,
    packageFolder,
    options,
    entries: () => readdirSync(path.join(cache, "tensorflow")).filter((name) => !/^lock\.sqlite|^failed\.json$/.test(name)),
  };
}

function setUp(cache: string, packageFolder: string, mode: "go" | "hang") {
  const child = spawn(process.execPath, [fileURLToPath(new URL("./support/set-up.ts", import.meta.url)), cache, packageFolder, mode], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  const working = Promise.withResolvers<void>();
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
    if (output.includes("working")) working.resolve();
  });
  const end = new Promise<string>((resolve) => child.on("close", () => resolve(output)));
  return { child, working: working.promise, end };
}

describe.skipIf(installedTensorFlow() === null)("with a real library", () => {
  it("installs an entry and links it; a second installation only links", async () => {
    const pip = vi.fn(fromThisInstallation);
    const { root, options, packageFolder, entries } = place({ pip });
    const made = await ensureTensorFlow({ ...options, ownKernels: true });
    expect(made).toMatchObject({ state: "ready", how: "pip", flavour: "cpu", notes: [] });
    expect(entries()).toEqual([expect.stringMatching(new RegExp(`^${process.platform}-${process.arch}-cpu-.*-4\\.22\\.0$`))]);
    expect(lstatSync(path.join(packageFolder, "lib")).isSymbolicLink()).toBe(true);
    expect(existsSync(path.join(packageFolder, BINDING_FILE))).toBe(true);
    expect(await ensureTensorFlow(options)).toMatchObject({ how: "linked" });

    const second = freshPackage(root, "second");
    expect(await ensureTensorFlow({ ...options, packageFolder: second })).toMatchObject({ state: "ready", how: "cache" });
    expect(realpathSync(path.join(second, "deps"))).toBe(realpathSync(path.join(packageFolder, "deps")));
    expect(pip).toHaveBeenCalledTimes(1);
  });

  it("restores links that npm removed or that broke when the cache was emptied", async () => {
    const { options, packageFolder, cache } = place({ pip: fromThisInstallation });
    await ensureTensorFlow(options);
    for (const part of ["lib", "deps"]) rmSync(path.join(packageFolder, part));
    expect(linkedEntry(packageFolder)).toBeNull();
    expect(await ensureTensorFlow(options)).toMatchObject({ how: "cache" });
    rmSync(cache, { recursive: true });
    expect(linkedEntry(packageFolder)).toBeNull();
    expect(await ensureTensorFlow(options)).toMatchObject({ how: "pip" });
  });

  it("installs another version in addition, and reinstalls if forced", async () => {
    const { options, entries } = place({ pip: fromThisInstallation });
    await ensureTensorFlow(options);
    expect(await ensureTensorFlow({ ...options, version: "2.20.0" })).toMatchObject({ how: "pip", version: "2.20.0" });
    expect(entries()).toHaveLength(2);
    expect(await ensureTensorFlow({ ...options, version: "2.20.0", force: true })).toMatchObject({ how: "pip" });
    expect(entries()).toHaveLength(2);
  });

  it("leaves nothing half-installed when killed, and succeeds afterwards", async () => {
    const { options, packageFolder, cache, entries } = place();
    const { child, working, end } = setUp(cache, packageFolder, "hang");
    await working;
    child.kill("SIGKILL");
    await end;
    expect(entries()).toEqual([expect.stringMatching(/^\.work-/)]);
    expect(linkedEntry(packageFolder)).toBeNull();
    expect(existsSync(path.join(packageFolder, "lib"))).toBe(false);
    expect(await ensureTensorFlow({ ...options, sources: { ...options.sources, pip: fromThisInstallation } })).toMatchObject({ how: "pip" });
    expect(entries()).toEqual([expect.not.stringMatching(/^\./)]);
  });

  it("does the work once when two set-ups run at once", async () => {
    const { root, cache } = place();
    const runs = [setUp(cache, freshPackage(root, "a"), "go"), setUp(cache, freshPackage(root, "b"), "go")];
    const outputs = await Promise.all(runs.map((run) => run.end));
    const results = outputs.map((output) => JSON.parse(output.trim().split("\n").at(-1) ?? "") as { state: string; how: string });
    expect(results.map(({ state }) => state)).toEqual(["ready", "ready"]);
    expect(results.map(({ how }) => how).sort()).toEqual(["cache", "pip"]);
    expect(outputs.filter((output) => output.includes("working"))).toHaveLength(1);
  });

  it("falls back to the CPU if CUDA is not available, and gives the reasons", async () => {
    const { options } = place({
      pip: async (work, request) => (request.wanted.flavour === "cuda" ? fails("no CUDA wheel.")() : fromThisInstallation(work, request)),
    });
    const result = await ensureTensorFlow({ ...options, flavour: "cuda" });
    expect(result).toMatchObject({
      state: "ready",
      flavour: "cpu",
      notes: ["No CUDA. Through pip: no CUDA wheel.", "No CUDA. The binding's own download: no download."],
    });
  });
});

it("returns every reason if all sources fail, and does not retry within an hour unless asked to", async () => {
  const pip = vi.fn(fails("no network."));
  const { options, entries } = place({ pip });
  const reasons = ["Through pip: no network.", "The binding's own download: no download."];
  expect(await ensureTensorFlow(options)).toEqual({ state: "missing", reasons });
  expect(entries()).toEqual([]);
  expect(await ensureTensorFlow({ ...options, retryFailed: false })).toEqual({
    state: "missing",
    reasons: reasons.map((reason) => `${reason} (tried 1 min ago)`),
  });
  expect(pip).toHaveBeenCalledTimes(1);
  await ensureTensorFlow(options);
  expect(pip).toHaveBeenCalledTimes(2);
});

it("rejects a library that does not work", async () => {
  const { options, entries, packageFolder } = place({
    pip: async (work, { wanted }) => {
      mkdirSync(path.join(work, "ready", path.dirname(BINDING_FILE)), { recursive: true });
      mkdirSync(path.join(work, "ready", LIBRARY_FOLDER), { recursive: true });
      writeFileSync(path.join(work, "ready", BINDING_FILE), "no library");
      return { version: "9.9.9", flavour: wanted.flavour, binding: wanted.binding };
    },
  });
  const result = await ensureTensorFlow(options);
  expect(result).toMatchObject({
    state: "missing",
    reasons: [expect.stringMatching(/^Through pip: the installed library does not work: .+/), expect.any(String)],
  });
  expect(entries()).toEqual([]);
  expect(existsSync(path.join(packageFolder, "lib"))).toBe(false);
});

it("reports a cache that is not usable", async () => {
  const { options, cache } = place();
  writeFileSync(cache, "a file where the folder should be");
  expect(await ensureTensorFlow(options)).toEqual({ state: "missing", reasons: [expect.stringMatching(/^The cache .*tensorflow is not usable: /)] });
});
