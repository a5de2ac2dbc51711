/** The studio with real projects and real runs in child processes, called in the way a window calls it. */
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { projectOpener } from "../../src-main/api/project-opener.ts";
import type { HostServices, StudioEvent, StudioSession } from "../../src-main/api/services/session.ts";
import { createStudio, type Studio } from "../../src-main/api/studio.ts";
import { entryPath } from "../../src-main/lib/entries.ts";
import { nodeLauncher } from "../../src-main/runs/child/launcher.ts";
import type { CallInput, CallName, CallOutput } from "../../src-shared/contract.ts";
import { runConfigSchema } from "../../src-shared/domain/config/run-config.ts";
import { recordingLog } from "../hosts/support/host-support.ts";
import { filledProject, tamper } from "../store/support/damage.ts";

let folder: string;
let studio: Studio;
const log = recordingLog();
const web: HostServices = { kind: "web", choose: async () => null, reveal: async () => false, openExternal: async () => false };

function build(): Promise<Studio> {
  return createStudio({
    settingsFolder: join(folder, "config"),
    datasetFolder: join(folder, "datasets"),
    sampleParent: folder,
    version: "0.1.0",
    log,
    opener: projectOpener(nodeLauncher({ script: entryPath("run-worker") })),
    doctor: async () => ({ items: [], backend: "wasm", device: "CPU" }),
    estimate: async () => null,
    datasetEntry: entryPath("dataset-worker"),
    roots: [folder],
  });
}

/** A session with its events; calls that are refused throw. */
function open(host: HostServices = web): {
  session: StudioSession;
  events: StudioEvent[];
  call: <Name extends CallName>(name: Name, input: CallInput<Name>) => Promise<CallOutput<Name>>;
} {
  const session = studio.createSession(host);
  const events: StudioEvent[] = [];
  session.listen({ deliver: (event) => events.push(event), wants: () => true });
  return {
    session,
    events,
    call: async <Name extends CallName>(name: Name, input: CallInput<Name>) => {
      const answer = await session.call(name, input);
      if (!answer.ok) throw Object.assign(new Error(answer.error.message), answer.error);
      return answer.value as CallOutput<Name>;
    },
  };
}

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "ghn-studio-")));
  studio = await build();
});
afterAll(async () => {
  await studio.close();
  await rm(folder, { recursive: true, force: true });
});

const SMALL = {
  kind: "ghn-training" as const,
  dataset: { id: "digits" as const, validationImages: 237, trainImages: 200 },
  network: { blocks: 1, initialChannels: 4, reductions: [] },
  compute: { backend: "wasm" as const },
  space: { nodes: 3 },
  ghn: { hiddenSize: 8, messageHiddenSize: 8, decoderHiddenSize: 8, propagationSteps: 1 },
  training: { nodes: 2, epochs: 2, batchSize: 50, validationCells: 1, validationImages: 100, augmentation: { cropPadding: 0, horizontalFlip: false } },
};

describe("networks with several exits", () => {
  test("are drawn with the cost of each exit, refused where the images have too few scales, and read from files", async () => {
    const { call, session } = open();
    const space = { nodes: [4, 2], exits: 3, scales: 2 };
    const network = { initialChannels: 4 };
    const drawn = await call("anytime.sample", { space, network, dataset: { id: "digits" }, seed: 1, count: 2 });
    expect(drawn).toHaveLength(2);
    for (const { exits, multiplyAdds, architecture } of drawn) {
      expect(exits).toHaveLength(3);
      expect(exits.at(-1)?.multiplyAdds).toBe(multiplyAdds);
      const file = { format: "ghn-studio-anytime-cells", version: 1, name: "One", architecture };
      expect(await call("anytime.parse", { json: JSON.stringify(file) })).toEqual(architecture);
    }
    await expect(call("anytime.sample", { space: { ...space, exits: 20 }, network, dataset: { id: "digits" }, seed: 1, count: 1 })).rejects.toMatchObject({
      message: expect.stringContaining("space.exits is 20"),
    });
    await expect(call("anytime.parse", { json: '{"format":"ghn-studio-cell"}' })).rejects.toMatchObject({ code: "cell-invalid" });
    await session.close();
  });
});

describe("projects", () => {
  test("are created, renamed, listed as recent, closed and opened again", async () => {
    const { call, events, session } = open();
    await expect(call("runs.query", {})).rejects.toMatchObject({ code: "no-project" });
    const made = await call("project.create", { folder: join(folder, "one"), name: "One" });
    expect(made).toMatchObject({ name: "One", runs: 0, isSample: false });
    expect(await call("project.current", {})).toEqual(made);
    expect((await call("project.rename", { name: "First" })).name).toBe("First");
    expect(events.filter((event) => event.name === "project.changed").map((event) => (event.payload as { name: string } | null)?.name)).toEqual([
      "One",
      "First",
    ]);
    await call("project.close", {});
    expect(await call("project.current", {})).toBeNull();
    expect(await call("project.recent", {})).toMatchObject([{ name: "First", folder: join(folder, "one"), exists: true, runs: 0 }]);
    await call("project.open", { folder: join(folder, "one") });
    await call("project.open", { folder: join(folder, "one") });
    await session.close();
  });

  test("opening one that is open in another window says so and focuses that window", async () => {
    const first = open();
    const second = open();
    await first.call("project.open", { folder: join(folder, "one") });
    await expect(second.call("project.open", { folder: join(folder, "one") })).rejects.toMatchObject({ code: "project-open-elsewhere" });
    expect(first.events.at(-1)).toEqual({ name: "command", payload: { id: "focus" } });
    await first.session.close();
    await second.call("project.open", { folder: join(folder, "one") });
    await second.session.close();
  });

  test("a project that cannot be opened does not affect the current one", async () => {
    const { call, session } = open();
    await call("project.open", { folder: join(folder, "one") });
    await expect(call("project.open", { folder: join(folder, "nothing") })).rejects.toMatchObject({ code: "project-foreign" });
    await expect(call("project.open", { folder: "/etc" })).rejects.toMatchObject({ code: "path-outside" });
    await expect(call("project.create", { folder: join(folder, "one"), name: "Again" })).rejects.toMatchObject({ code: "project-exists" });
    expect((await call("project.current", {}))?.name).toBe("First");
    await session.close();
  });

  test("the sample project is created when it is first opened, and reused afterwards", async () => {
    const { call, session } = open();
    const sample = await call("project.openSample", {});
    expect(sample.isSample).toBe(true);
    expect((await call("project.openSample", {})).id).toBe(sample.id);
    await call("project.close", {});
    expect((await call("project.openSample", {})).id).toBe(sample.id);
    expect((await call("project.recent", {})).map((entry) => entry.folder)).not.toContain(sample.folder);
    await session.close();
  });
});

describe("settings and cells", () => {
  test("settings are stored; those of hosts are hidden", async () => {
    const { call, session } = open();
    studio.setSetting("host.windows", [1]);
    await call("settings.set", { key: "ui.theme", value: "dark" });
    await expect(call("settings.set", { key: "host.windows", value: 1 })).rejects.toMatchObject({ code: "setting-reserved" });
    expect(await call("settings.get", {})).toEqual({ "ui.theme": "dark" });
    await studio.settings.flush();
    expect(await readFile(join(folder, "config", "settings.json"), "utf8")).toContain("ui.theme");
    await session.close();
  });

  test("random cells are the same for the same seed and described exactly", async () => {
    const { call, session } = open();
    const wish = { space: { nodes: 5 }, network: { blocks: 3, reductions: [1] }, dataset: { id: "cifar10" as const }, seed: 4 };
    const cells = await call("cells.sample", { ...wish, count: 3 });
    expect(await call("cells.sample", { ...wish, count: 3 })).toEqual(cells);
    expect(new Set(cells.map((cell) => cell.canonical)).size).toBe(3);
    const [first] = cells;
    if (first === undefined) throw new Error("No cell.");
    expect(first.nodes.reduce((sum, node) => sum + node.parameters, 0)).toBe(first.parameters);
    expect(await call("cells.describe", { architecture: first.architecture, network: wish.network, dataset: wish.dataset })).toEqual(first);
    const histogram = await call("cells.histogram", { ...wish, count: 50 });
    expect(histogram.parameters).toHaveLength(50);
    expect(await call("cells.compare", { a: first.architecture.normal, b: first.architecture.normal })).toEqual({ same: true });
    await expect(call("cells.parse", { text: "{" })).rejects.toMatchObject({ code: "cell-json" });
    await expect(call("cells.sample", { ...wish, network: { blocks: 3, reductions: [1, 5] }, count: 1 })).rejects.toMatchObject({ code: "config-invalid" });
    await session.close();
  });
});

describe("runs", () => {
  test("a real run: created from a draft, watched live, stored, archived, exported as CSV", { timeout: 120_000 }, async () => {
    const { call, events, session } = open();
    await call("project.open", { folder: join(folder, "one") });
    await call("draft.save", { config: SMALL, name: "Draft", clonedFrom: null });
    expect(await call("draft.get", {})).toMatchObject({ name: "Draft", clonedFrom: null });
    expect(await call("draft.check", { config: SMALL })).toEqual({ problems: [], estimate: null });
    expect((await call("draft.check", { config: { ...SMALL, training: { ...SMALL.training, epochs: -1 } } })).problems[0]?.path).toBe("training.epochs");
    const created = await call("runs.create", { name: " ", config: SMALL, tags: ["a", " a ", ""] });
    expect(created).toMatchObject({ name: "GHN on digits, seed 1", tags: ["a"] });
    expect(await call("draft.get", {})).toBeNull();
    await vi.waitFor(async () => expect((await call("runs.get", { runId: created.id })).status).toBe("completed"), { timeout: 100_000, interval: 100 });

    const live = events.flatMap((event) => (event.name === "run.live" && event.payload.runId === created.id ? event.payload.metrics : []));
    const [series] = await call("metrics.series", { runIds: [created.id], names: ["ghn/loss"] });
    expect(series?.columns.step.length).toBeGreaterThan(3);
    expect(live.filter((columns) => columns.name === "ghn/loss").flatMap((columns) => columns.step)).toEqual(series?.columns.step);
    const all = await call("metrics.since", { runId: created.id, cursor: 0 });
    expect((await call("metrics.since", { runId: created.id, cursor: all.cursor })).columns).toEqual([]);
    expect((await call("logs.list", { runId: created.id })).length).toBeGreaterThan(0);
    const page = await call("runs.query", { status: ["completed"] });
    expect(page).toMatchObject({ total: 1, expressionError: null });
    expect(page.metricNames).toContain("ghn/loss");
    expect((await call("runs.csv", {})).csv.split("\r\n")[0]).toContain("ghn/loss last");
    expect((await call("runs.update", { runId: created.id, notes: "good", starred: true })).starred).toBe(true);

    const { artifacts } = await call("runs.get", { runId: created.id });
    expect(artifacts.map((artifact) => artifact.kind)).toContain("ghn");
    for (const artifact of artifacts) expect(existsSync(join(folder, "one", artifact.path)), artifact.path).toBe(true);
    const choices = await call("export.choices", { subject: { type: "run", runId: created.id } });
    expect(choices.find((choice) => choice.format === "config-json")?.available).toBe(true);
    const [file] = await call("export.write", {
      subject: { type: "run", runId: created.id },
      formats: ["config-json"],
      folder: join(folder, "exports"),
      baseName: "mine",
    });
    expect(file?.path).toBe(join(folder, "exports", "mine.config.json"));
    await expect(
      call("export.write", { subject: { type: "run", runId: created.id }, formats: ["config-json"], folder: "/etc", baseName: "mine" }),
    ).rejects.toMatchObject({ code: "path-outside" });

    await call("runs.archive", { runIds: [created.id], archived: true });
    await call("runs.archive", { runIds: [created.id], archived: false });
    await call("runs.trash", { runIds: [created.id] });
    expect((await call("runs.query", {})).total).toBe(0);
    await call("runs.restore", { runIds: [created.id] });
    await call("runs.trash", { runIds: [created.id] });
    expect((await call("runs.purge", { runIds: [created.id] })).bytes).toBeGreaterThan(0);
    expect(events.some((event) => event.name === "run.removed" && event.payload.runId === created.id)).toBe(true);
    expect(await readdir(join(folder, "one", "artifacts"))).toEqual([]);
    await session.close();
  });

  test("with a multiply-add budget get the F that it allows before they are frozen, and cells are described with it", async () => {
    const { call, session } = open();
    await call("project.create", { folder: join(folder, "budget"), name: "Budget" });
    const architecture = { normal: { nodes: [{ operation: "sepConv3x3" as const, inputs: [0, 1] }] } };
    const config = runConfigSchema.parse({
      kind: "cell-training",
      dataset: SMALL.dataset,
      network: { blocks: 3, reductions: [1], multiplyAddBudget: 2_000_000 },
      compute: SMALL.compute,
      source: { from: "cells", cells: [{ name: "One", architecture }] },
      training: { epochs: 0.1, augmentation: { cropPadding: 0 } },
    });
    const described = await call("cells.describe", { architecture, network: config.network, dataset: config.dataset });
    expect(described.multiplyAdds).toBeLessThanOrEqual(2_000_000);
    const created = await call("runs.create", { name: "", config, tags: [] });
    if (created.config.kind !== "cell-training") throw new Error("Another kind of run was made.");
    expect(created.config.network.multiplyAddBudget).toBe(2_000_000);
    const { multiplyAddBudget: _, ...frozen } = created.config.network;
    expect(await call("cells.describe", { architecture, network: frozen, dataset: config.dataset })).toMatchObject({ multiplyAdds: described.multiplyAdds });
    const wider = { ...frozen, initialChannels: frozen.initialChannels + 1 };
    expect((await call("cells.describe", { architecture, network: wider, dataset: config.dataset })).multiplyAdds).toBeGreaterThan(2_000_000);
    await session.close();
  });

  test("closing stops running runs with a checkpoint, and they can be resumed", { timeout: 120_000 }, async () => {
    const { call, session } = open();
    await call("project.open", { folder: join(folder, "one") });
    const created = await call("runs.create", { name: "Long", config: { ...SMALL, training: { ...SMALL.training, epochs: 500 } }, tags: [] });
    await vi.waitFor(async () => expect((await call("runs.get", { runId: created.id })).metrics["ghn/loss"]?.count ?? 0).toBeGreaterThan(2), {
      timeout: 60_000,
      interval: 100,
    });
    expect(session.runningRuns()).toEqual(["Long"]);
    await session.close();
    expect(session.runningRuns()).toEqual([]);
    const again = open();
    await again.call("project.open", { folder: join(folder, "one") });
    const stopped = await again.call("runs.get", { runId: created.id });
    expect(stopped.status).toBe("stopped");
    expect(stopped.artifacts.some((artifact) => artifact.kind === "checkpoint")).toBe(true);
    await again.call("runs.resume", { runId: created.id });
    await vi.waitFor(async () => expect((await again.call("runs.get", { runId: created.id })).resumedFrom.length).toBe(1), { timeout: 60_000, interval: 100 });
    await again.call("runs.kill", { runId: created.id });
    await vi.waitFor(async () => expect((await again.call("runs.get", { runId: created.id })).status).toBe("interrupted"), { timeout: 10_000, interval: 50 });
    await again.session.close();
  });
});

describe("a project with damaged rows", () => {
  test("stays usable in the window, which is told what is damaged", async () => {
    const filled = filledProject(join(folder, "damaged"));
    tamper(
      filled.folder,
      `UPDATE runs SET status = 'banana' WHERE id = '${filled.search}'`,
      "UPDATE candidates SET architecture = '{' WHERE id = 3",
      `UPDATE run_details SET config = '[' WHERE run_id = '${filled.training}'`,
      "UPDATE settings SET value = '{' WHERE key = 'setting:columns'",
    );
    const { call, events, session } = open();
    await call("project.open", { folder: filled.folder });
    const page = await call("runs.query", {});
    expect(page.rows.map(({ name, status }) => [name, status])).toEqual([
      ["The anytime search", "completed"],
      ["The training", "completed"],
      ["The search", "failed"],
    ]);
    expect(page.rows[2]?.failure?.message).toContain(`table runs, row ${filled.search}, column status`);
    expect((await call("candidates.list", { runId: filled.search })).rows).toHaveLength(11);
    await expect(call("runs.get", { runId: filled.training })).rejects.toMatchObject({
      message: expect.stringContaining(`run_details, row ${filled.training}`),
    });
    await expect(call("runs.resume", { runId: filled.search })).rejects.toMatchObject({ code: "row-damaged" });
    await call("settings.get", {});
    const told = events.filter((event) => event.name === "project.changed").at(-1);
    expect(told?.payload).toMatchObject({
      damage: expect.arrayContaining([
        expect.stringMatching(`Row ${filled.search} of the table runs is damaged`),
        expect.stringMatching("Row 3 of the table candidates is damaged: the column architecture is not valid JSON; it is left out"),
      ]),
    });
    await session.close();
  });
});

test("drafts are bounded", async () => {
  const { call, session } = open();
  await call("project.create", { folder: join(folder, "bounded"), name: "Bounded" });
  await expect(call("draft.save", { config: { note: "x".repeat(5_000_000) }, name: "", clonedFrom: null })).rejects.toMatchObject({ code: "settings-full" });
  await session.close();
});
