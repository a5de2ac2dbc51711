import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { DatasetService } from "../../../src-main/api/datasets/dataset-service.ts";
import { entryPath } from "../../../src-main/lib/entries.ts";
import type { EventMap } from "../../../src-shared/contract.ts";
import { datasetConfigSchema } from "../../../src-shared/domain/dataset.ts";
import { recordingLog } from "../../hosts/support/host-support.ts";

let folder: string;
let service: DatasetService;
const told: EventMap["dataset.progress"][] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ghn-datasets-"));
  service = new DatasetService({
    dataFolder: join(folder, "data"),
    entry: entryPath("dataset-worker"),
    log: recordingLog(),
    onProgress: (progress) => told.push(progress),
  });
  for (const [name, colour] of [
    ["cats", "#c33"],
    ["dogs", "#3c3"],
  ] as const) {
    await mkdir(join(folder, "my pictures", name), { recursive: true });
    for (let i = 0; i < 12; i++)
      await sharp({ create: { width: 20 + i, height: 24, channels: 3, background: colour } })
        .png()
        .toFile(join(folder, "my pictures", name, `${i}.png`));
  }
});
afterAll(async () => {
  service.close();
  await rm(folder, { recursive: true, force: true });
});

test("the bundled digits are described and previewed in a thread, without blocking this one", async () => {
  let turns = 0;
  const timer = setInterval(() => turns++, 5);
  const info = await service.describe(datasetConfigSchema.parse({ id: "digits" }), null);
  clearInterval(timer);
  expect(info).toMatchObject({ available: true, height: 8, width: 8, channels: 1, problem: null });
  expect(info.classCounts.reduce((sum, count) => sum + count, 0)).toBe(info.trainImages);
  expect(info.fingerprint).toMatch(/^[0-9a-f]{64}$/);
  expect(turns).toBeGreaterThan(3);
  const { images } = await service.preview(datasetConfigSchema.parse({ id: "digits" }), 2, null);
  expect(images).toHaveLength(20);
  expect(images[0]?.url).toMatch(/^data:image\/png;base64,iVBOR/);
});

test("a missing dataset says how to get it; its input shape is known anyway", async () => {
  const info = await service.describe(datasetConfigSchema.parse({ id: "cifar10" }), null);
  expect(info.available).toBe(false);
  expect(info.problem?.remedy).not.toBe("");
  expect(await service.inputOf(datasetConfigSchema.parse({ id: "cifar10" }), null)).toEqual({ height: 32, width: 32, channels: 3, classes: 10 });
});

test("image folders are imported under their own name, described and listed", async () => {
  const info = await service.import("folder", join(folder, "my pictures"));
  expect(info).toMatchObject({ id: "folder", available: true, classNames: ["cats", "dogs"] });
  expect(info.where).toBe(join(folder, "data", "folder", "my-pictures"));
  expect(told.map((progress) => progress.state)).toEqual(expect.arrayContaining(["running", "done"]));
  const listed = (await service.list(null)).find((entry) => entry.id === "folder");
  expect(listed).toMatchObject({ title: "my-pictures", where: info.where, available: true });
  const config = datasetConfigSchema.parse({ id: "folder", path: info.where ?? "", imageSize: 16 });
  expect(await service.inputOf(config, null)).toEqual({ height: 16, width: 16, channels: 3, classes: 2 });
  expect(await service.describe(config, null)).toMatchObject({ layout: "2 class folders: cats, dogs.", leftOut: [], problem: null });
  // One field overrides the layout; the cached description of the other layout is not returned.
  expect((await service.describe({ ...config, layout: "parts" }, null)).problem?.message).toContain('dataset.layout is "parts"');
  await expect(service.import("folder", join(folder, "my pictures"))).rejects.toMatchObject({ code: "dataset-exists" });
  await expect(service.import("folder", join(folder, "nothing"))).rejects.toMatchObject({ code: "not-a-source" });
});

test("a dataset without a download says so; a cancelled download ends as cancelled", async () => {
  expect(() => service.download("digits")).toThrow(expect.objectContaining({ code: "download-none" }));
  told.length = 0;
  service.download("mnist");
  service.cancelDownload("mnist");
  await vi.waitFor(() => expect(told.at(-1)?.state).toMatch(/cancelled|failed/), 20_000);
  expect(told[0]).toMatchObject({ id: "mnist", state: "running" });
});
