/** A library in the cache that was cut off, changed or cannot be read: nothing loads it, everything says why, and the set-up replaces it. */
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, closeSync, cpSync, ftruncateSync, mkdirSync, mkdtempSync, openSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OWN_KERNELS_FILE } from "../../src-main/engine/backend/tensorflow/own-kernels-file.ts";
import { ensureTensorFlow, installedTensorFlow } from "../../src-main/tensorflow-install/tensorflow.ts";
import { sets, TINY } from "../cli/support/tiny.ts";
import { type Installation, ownInstallation } from "./support/installation.ts";
import { fromThisInstallation } from "./support/real-entry.ts";

const isPossible = process.platform === "linux" && installedTensorFlow() !== null;
const LIBRARY = path.join("deps", "lib", "libtensorflow_cc.so.2");
const NOBODY = 65_534;

/** A source that copies: the other tests link to this installation's files, which this one would damage. */
const fromCopy: typeof fromThisInstallation = async (work, options) => {
  const manifest = await fromThisInstallation(work, options);
  const [ready, copy] = [path.join(work, "ready"), path.join(work, "copy")];
  cpSync(ready, copy, { recursive: true, verbatimSymlinks: true });
  rmSync(ready, { recursive: true });
  renameSync(copy, ready);
  return manifest;
};

describe.skipIf(!isPossible)("a damaged library", () => {
  let root: string;
  let installation: Installation;

  beforeAll(async () => {
    root = mkdtempSync(path.join(tmpdir(), "ghn-library-"));
    installation = ownInstallation(root);
    const packageFolder = path.join(root, "installation", "node_modules", "@tensorflow", "tfjs-node-gpu");
    // Records the checksums of the copy.
    expect(await ensureTensorFlow({ cache: installation.cache, packageFolder, flavour: "cpu", retryFailed: false })).toMatchObject({ state: "ready" });
  }, 120_000);
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  /** Runs the command line of the installation without network, as a user. */
  function command(args: readonly string[], uid = 0): { readonly code: number | null; readonly signal: string | null; readonly output: string } {
    const home = path.join(root, `home-${uid}`);
    mkdirSync(home, { recursive: true });
    chownSync(home, uid, uid);
    chmodSync(root, 0o755);
    const result = spawnSync(process.execPath, [installation.cli, ...args], {
      cwd: home,
      uid,
      encoding: "utf8",
      env: { PATH: process.env["PATH"], HOME: home, NO_COLOR: "1", GHN_STUDIO_CACHE: installation.cache, PIP_NO_INDEX: "1" },
    });
    return { code: result.status, signal: result.signal, output: `${result.stdout}${result.stderr}` };
  }
  const tiny = (name: string, uid?: number): ReturnType<typeof command> => command(["run", "demo", "--project", name, ...sets(TINY)], uid);

  it("that was cut off is not loaded: the run says so and computes with wasm, doctor explains, and the set-up replaces it", async () => {
    const library = path.join(installation.entry, LIBRARY);
    const { size } = statSync(library);
    const file = openSync(library, "r+");
    ftruncateSync(file, size / 2);
    closeSync(file);
    const run = tiny("cut");
    expect(run).toMatchObject({ code: 0, signal: null });
    expect(run.output).toContain(`libtensorflow_cc.so.2 has ${size / 2} bytes instead of ${size}; run \`npm run setup\`, which installs it again.`);
    expect(command(["show", "last", "--project", "cut"]).output).toMatch(/Backend\s+wasm.*The TensorFlow library is damaged/);
    expect(command(["doctor"]).output).toContain("The TensorFlow library is damaged");
    // The set-up replaces it by itself.
    const said: string[] = [];
    const packageFolder = path.join(root, "installation", "node_modules", "@tensorflow", "tfjs-node-gpu");
    const repaired = await ensureTensorFlow({
      cache: installation.cache,
      packageFolder,
      flavour: "cpu",
      retryFailed: false,
      say: (text) => said.push(text),
      sources: { pip: fromCopy, prebuilt: () => Promise.reject(new Error("not here.")) },
    });
    expect(repaired).toMatchObject({ state: "ready", how: "pip" });
    expect(said.join()).toContain("is damaged and is installed again");
    expect(statSync(library).size).toBe(size);
  }, 180_000);

  it("that another user cannot read: the reason is in the log, among the facts of the run and in doctor", () => {
    chmodSync(installation.cache, 0o700);
    try {
      const run = tiny("foreign", NOBODY);
      expect(run).toMatchObject({ code: 0, signal: null });
      expect(run.output).toContain("cannot be read by this user (permission denied)");
      expect(command(["show", "last", "--project", "foreign"], NOBODY).output).toMatch(/Backend\s+wasm.*cannot be read by this user/);
      expect(command(["doctor"], NOBODY).output).toContain("cannot be read by this user");
    } finally {
      chmodSync(installation.cache, 0o755);
    }
  }, 180_000);

  it("kernels of our own that were changed are compiled again, and not loaded before", async () => {
    const kernels = path.join(installation.entry, OWN_KERNELS_FILE);
    const { size, nlink } = statSync(kernels);
    // Never those of this installation.
    expect(nlink).toBe(1);
    const file = openSync(kernels, "r+");
    writeSync(file, Buffer.alloc(size), 0, size, 0);
    ftruncateSync(file, 5000);
    closeSync(file);
    expect(tiny("kernels")).toMatchObject({ code: 0, signal: null });
    const said: string[] = [];
    const packageFolder = path.join(root, "installation", "node_modules", "@tensorflow", "tfjs-node-gpu");
    await ensureTensorFlow({ cache: installation.cache, packageFolder, flavour: "cpu", retryFailed: false, say: (text) => said.push(text) });
    expect(said).toEqual(["The studio's own kernels are damaged and are compiled again."]);
    expect(statSync(kernels).size).toBe(size);
  }, 180_000);
});
