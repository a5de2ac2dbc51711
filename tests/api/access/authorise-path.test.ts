/** Authorisation: a page of the web host cannot access anything outside the allowed folders, whatever call it uses. */
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { projectOpener } from "../../../src-main/api/project-opener.ts";
import type { StudioSession } from "../../../src-main/api/services/session.ts";
import { createStudio, type Studio } from "../../../src-main/api/studio.ts";
import { entryPath } from "../../../src-main/lib/entries.ts";
import { nodeLauncher } from "../../../src-main/runs/child/launcher.ts";
import { openProject } from "../../../src-main/store/project/project.ts";
import { CALLS, type CallName } from "../../../src-shared/contract.ts";
import { runConfigSchema } from "../../../src-shared/domain/config/run-config.ts";
import { userPathFields } from "../../../src-shared/domain/user-paths.ts";
import { recordingLog } from "../../hosts/support/host-support.ts";

let base: string;
let outside: string;
let studio: Studio;
let session: StudioSession;

beforeAll(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), "ghn-studio-paths-")));
  const allowed = join(base, "allowed");
  outside = join(base, "outside");
  await mkdir(allowed);
  await mkdir(join(outside, "cats"), { recursive: true });
  await writeFile(join(outside, "secret.txt"), "secret");
  await symlink(outside, join(allowed, "link"));
  studio = await createStudio({
    settingsFolder: join(base, "config"),
    datasetFolder: join(base, "datasets"),
    sampleParent: allowed,
    version: "0.1.0",
    log: recordingLog(),
    opener: projectOpener(nodeLauncher({ script: entryPath("run-worker") })),
    doctor: async () => ({ items: [], backend: "wasm", device: "CPU" }),
    estimate: async () => null,
    datasetEntry: entryPath("dataset-worker"),
    roots: [allowed],
  });
  session = studio.createSession({ kind: "web", choose: async () => null, reveal: async () => false, openExternal: async () => false });
  const answer = await session.call("project.create", { folder: join(allowed, "project"), name: "Paths" });
  expect(answer.ok).toBe(true);
});
afterAll(async () => {
  await studio.close();
  await rm(base, { recursive: true, force: true });
});

const cell = { nodes: [{ operation: "identity", inputs: [0] }] };
const folder = (path: string) => ({ id: "folder", path });

/** An argument with a path for each call that has one; a call of the contract that is missing here fails the test. */
const ARGUMENTS: Readonly<Record<string, (path: string) => unknown>> = {
  "anytime.sample": (path) => ({ space: {}, network: {}, dataset: folder(path), seed: 1, count: 1 }),
  "cells.describe": (path) => ({ architecture: { normal: cell }, network: {}, dataset: folder(path) }),
  "cells.histogram": (path) => ({ space: {}, network: {}, dataset: folder(path), seed: 1, count: 10 }),
  "cells.sample": (path) => ({ space: {}, network: {}, dataset: folder(path), seed: 1, count: 1 }),
  "datasets.describe": (path) => ({ dataset: folder(path) }),
  "datasets.import": (path) => ({ id: "folder", path }),
  "datasets.preview": (path) => ({ dataset: folder(path) }),
  "export.write": (path) => ({ subject: { type: "candidate", candidateId: 1 }, formats: ["cell-json"], folder: path, baseName: "x" }),
  "project.create": (path) => ({ folder: path, name: "x" }),
  "project.open": (path) => ({ folder: path }),
  "runs.create": (path) => ({ name: "x", config: { kind: "ghn-training", dataset: folder(path) }, tags: [] }),
  "system.browse": (path) => ({ path }),
  "system.download": (path) => ({ path }),
  "system.makeFolder": (path) => ({ parent: path, name: "x" }),
  "system.reveal": (path) => ({ path }),
  // A draft travels as plain JSON; its handler checks the paths itself.
  "draft.check": (path) => ({ config: { kind: "ghn-training", dataset: folder(path) } }),
};

test("there is an argument for every call with paths", () => {
  const names = Object.keys(CALLS) as CallName[];
  for (const name of names.filter((name) => userPathFields(CALLS[name].input).length > 0)) expect(ARGUMENTS, name).toHaveProperty([name]);
});

test.each(Object.keys(ARGUMENTS))("%s refuses what is outside, directly, by a link and by dots", async (name) => {
  for (const path of [outside, join(base, "allowed", "link"), join(base, "allowed", "link", "cats"), `${base}/allowed/../outside`, "/etc"]) {
    const answer = await session.call(name, ARGUMENTS[name]?.(path));
    expect(answer, path).toMatchObject({ ok: false, error: { code: "path-outside" } });
  }
  expect(await session.call(name, ARGUMENTS[name]?.("relative/path"))).toMatchObject({ ok: false, error: { code: "path-relative" } });
});

test("a stored run whose images are outside is neither resumed nor repeated", async () => {
  const other = join(base, "allowed", "foreign");
  const made = await session.call("project.create", { folder: other, name: "Foreign" });
  expect(made.ok).toBe(true);
  await session.call("project.open", { folder: join(base, "allowed", "project") });
  const project = openProject(other);
  const config = runConfigSchema.parse({ kind: "ghn-training", dataset: folder(outside) });
  const id = project.store.runs.create({ name: "foreign", config, codeVersion: "0", tags: [] });
  project.store.runs.update(id, { status: "failed" });
  project.close();
  expect((await session.call("project.open", { folder: other })).ok).toBe(true);
  for (const name of ["runs.resume", "runs.retry"])
    expect(await session.call(name, { runId: id })).toMatchObject({ ok: false, error: { code: "path-outside" } });
});

test("with native dialogs, a path is allowed once the user has chosen it, also after a restart", async () => {
  const chosen = join(outside, "cats");
  const options = {
    settingsFolder: join(base, "desktop"),
    datasetFolder: join(base, "datasets"),
    sampleParent: join(base, "allowed"),
    version: "0.1.0",
    log: recordingLog(),
    opener: projectOpener(nodeLauncher({ script: entryPath("run-worker") })),
    doctor: async () => ({ items: [], backend: "wasm" as const, device: "CPU" }),
    estimate: async () => null,
    datasetEntry: entryPath("dataset-worker"),
    roots: [join(base, "allowed")],
    nativeDialogs: true,
  };
  const host = { kind: "electron" as const, choose: async () => chosen, reveal: async () => true, openExternal: async () => true };
  const desktop = await createStudio(options);
  const window = desktop.createSession(host);
  const reveal = (session: StudioSession, path: string) => session.call("system.reveal", { path });
  expect(await reveal(window, chosen)).toMatchObject({ ok: false, error: { code: "path-outside", remedy: expect.stringContaining("dialog") } });
  // A page cannot allow itself a path.
  expect(await window.call("settings.set", { key: "host.paths", value: [outside] })).toMatchObject({ ok: false });
  expect(await window.call("system.choose", { kind: "folder", title: "Images" })).toEqual({ ok: true, value: { path: chosen } });
  expect(await reveal(window, chosen)).toMatchObject({ ok: true });
  expect(await reveal(window, join(outside, "secret.txt"))).toMatchObject({ ok: false });
  await desktop.close();
  const again = await createStudio(options);
  expect(await reveal(again.createSession(host), chosen)).toMatchObject({ ok: true });
  await again.close();
  // The web host shares the settings, but not these paths.
  const web = await createStudio({ ...options, nativeDialogs: false });
  expect(await reveal(web.createSession({ ...host, kind: "web" }), chosen)).toMatchObject({ ok: false });
  await web.close();
});
