/** Fuzzing of the calls of the contract: the real gate, handlers and SQLite over a copy of the sample project. Runs are asked for, but their processes end at once. */
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { faultOfAnswer, fuzzedCalls } from "../../scripts/campaign/fuzz/calls.ts";
import { faultOfRefusal, pollution } from "../../scripts/campaign/fuzz/refusal.ts";
import { projectOpener } from "../../src-main/api/project-opener.ts";
import type { HostServices, StudioSession } from "../../src-main/api/services/session.ts";
import { createStudio, type Studio } from "../../src-main/api/studio.ts";
import { entryPath } from "../../src-main/lib/entries.ts";
import { installation } from "../../src-main/lib/places.ts";
import type { ChildLauncher } from "../../src-main/runs/child/launcher.ts";
import type { RunPage } from "../../src-shared/domain/records/run-history.ts";
import { writePhotos } from "../engine/datasets/support/images.ts";
import { recordingLog } from "../hosts/support/host-support.ts";
import { FUZZ_TIMEOUT, fuzzRuns } from "./support/fuzz.ts";

const web: HostServices = { kind: "web", choose: async () => null, reveal: async () => false, openExternal: async () => false };

/** Processes that end at once. */
const launcher: ChildLauncher = {
  launch: () => ({
    pid: null,
    post: () => undefined,
    onMessage: () => undefined,
    onOutput: () => undefined,
    onExit: (listener) => queueMicrotask(() => listener({ code: 1, signal: null })),
    kill: () => undefined,
  }),
};

let folder = "";
let studio: Studio;
let session: StudioSession;
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "ghn-fuzz-calls-")));
  await writePhotos(join(folder, "photos"), { train: 4, val: 2 }, 2, { width: 16, height: 16 });
  await mkdir(join(folder, "exports"));
  await writeFile(join(folder, "cell.json"), "{}");
  studio = await createStudio({
    settingsFolder: join(folder, "config"),
    datasetFolder: join(folder, "datasets"),
    sampleParent: folder,
    sampleFolder: join(installation, "resources", "sample"),
    version: "0.1.0",
    log: recordingLog(),
    opener: projectOpener(launcher),
    doctor: async () => ({ items: [], backend: "wasm", device: "CPU" }),
    estimate: async () => null,
    datasetEntry: entryPath("dataset-worker"),
    roots: [folder],
  });
  session = studio.createSession(web);
});
afterAll(async () => {
  await session.close();
  await studio.close();
  await rm(folder, { recursive: true, force: true });
});

/** Longest time of one call, in milliseconds; pictures of folders and exports take a second. */
const LIMIT_MS = 8000;

it("every call of the contract answers, or refuses in words", { timeout: Math.max(FUZZ_TIMEOUT, 120_000) }, async () => {
  expect(await session.call("project.openSample", {})).toMatchObject({ ok: true });
  const all = await session.call("runs.query", {});
  expect(all).toMatchObject({ ok: true });
  const ids = all.ok ? (all.value as RunPage).rows.map(({ id }) => id) : [];
  expect(ids.length).toBeGreaterThan(3);
  const paths = ["photos", "exports", "new", "cell.json", "missing"].map((name) => join(folder, name));
  const answered = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(fuzzedCalls({ runIds: ids, paths }), async ({ name, input }) => {
      if (session.project === null) await session.call("project.openSample", {});
      const began = performance.now();
      const answer = await session.call(name, input);
      expect(performance.now() - began, name).toBeLessThan(LIMIT_MS);
      expect(faultOfAnswer(answer), name).toBeNull();
      if (!answer.ok) expect(faultOfRefusal(answer.error), name).toBeNull();
      else answered.set(name, (answered.get(name) ?? 0) + 1);
      expect(pollution()).toEqual([]);
    }),
    fuzzRuns(200),
  );
  // The generator reaches the handlers, not only the schemas.
  expect(answered.size).toBeGreaterThan(20);
});
