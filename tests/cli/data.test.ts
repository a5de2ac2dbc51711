import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { viewProject } from "../../src-main/store/project/project.ts";
import { runQuerySchema } from "../../src-shared/domain/records/run-history.ts";
import { put, temporaryFolder } from "../engine/datasets/support/helpers.ts";
import { type CliResult, cli } from "./support/cli.ts";
import { sets, TINY } from "./support/tiny.ts";

/** Kaggle's layout, with files left behind by a notebook and a file manager. */
async function landscapes(root: string): Promise<string> {
  const folder = join(root, "photos");
  const counts: Readonly<Record<string, number>> = { "seg_train/seg_train": 60, "seg_test/seg_test": 10 };
  for (const [part, count] of Object.entries(counts))
    for (const [name, red] of [
      ["sea", 40],
      ["street", 200],
    ] as const)
      for (let i = 0; i < count; i++) {
        const image = sharp({ create: { width: 12, height: 12, channels: 3, background: { r: red + (i % 30), g: i, b: 90 } } });
        await put(join(folder, part, name, `${i}.png`), await image.png().toBuffer());
      }
  const unlabelled = sharp({ create: { width: 12, height: 12, channels: 3, background: "#777" } });
  await put(join(folder, "seg_pred/seg_pred/0.jpg"), await unlabelled.jpeg().toBuffer());
  await put(join(folder, "seg_train/seg_train/.ipynb_checkpoints/0.png"), "not read");
  await put(join(folder, "seg_train/seg_train/sea/photo.heic"), "not read");
  return folder;
}

const LAYOUT = "seg_train/seg_train/ is the training part";

describe("image folders on the command line", () => {
  it("data show reports how a folder is interpreted and what is left out; --layout overrides it", async () => {
    const root = await temporaryFolder();
    const folder = await landscapes(root);
    const show = (...args: string[]): Promise<CliResult> => cli(["data", "show", "folder", "--path", folder, "--image-size", "8", ...args], { cwd: root });
    for (const streamed of [[], ["--streamed"]]) {
      const { code, stdout } = await show(...streamed);
      expect(code).toBe(0);
      expect(stdout).toMatch(new RegExp(`Layout +seg_pred/seg_pred/ has no class folders and is not used; seg_test/seg_test/ is the test part; ${LAYOUT}\\.`));
      expect(stdout).toMatch(/Left out +1 image of an unsupported type \(seg_train\/seg_train\/sea\/photo\.heic\)/);
      expect(stdout).toMatch(/1 file or folder of a file manager or archive tool \(seg_train\/seg_train\/\.ipynb_checkpoints\)/);
      expect(stdout).toContain("120 for training and validation, 20 for testing");
    }
    const { layout, leftOut } = JSON.parse((await show("--json")).stdout);
    expect([layout, leftOut.length]).toEqual([expect.stringContaining(LAYOUT), 3]);
    expect((await show("--layout", "classes")).stdout).toContain("class folders: seg_pred, seg_test, seg_train");
  });

  it("data clean empties the cache, whose size doctor shows", async () => {
    const root = await temporaryFolder();
    const folder = await landscapes(root);
    const user = join(root, "user-data");
    expect((await cli(["data", "show", "folder", "--path", folder, "--image-size", "8"], { cwd: root })).code).toBe(0);
    const cache = join(user, "datasets", "cache");
    expect(await readdir(cache)).toHaveLength(1);
    const { stdout: report } = await cli(["doctor", "--json"], { cwd: root });
    const item = JSON.parse(report).items.find(({ name }: { name: string }) => name === "Decoded images");
    expect(item.value).toContain(`cached in ${cache}`);
    const cleaned = await cli(["data", "clean"], { cwd: root });
    expect([cleaned.code, cleaned.stdout]).toEqual([0, expect.stringContaining(`of decoded images in ${cache}`)]);
    expect(await readdir(cache)).toEqual([]);
    expect((await cli(["data", "clean"], { cwd: root })).stdout).toContain("empty");
  });

  it("a run shows the layout before it starts, writes it to its log, and creates nothing in a project that it refuses", async () => {
    const root = await temporaryFolder();
    const folder = await landscapes(root);
    const project = join(root, "project");
    await mkdir(join(root, "empty"));
    const settings = [...TINY.filter((field) => !field.startsWith("dataset.")), "dataset.id=folder", "dataset.imageSize=8", "dataset.validationImages=60"];
    const args = ["run", "demo", "--project", project, "--data", folder, ...sets(settings)];
    const refused = await cli([...args, "--set", "dataset.layout=parts", "--data", join(root, "empty")], { cwd: root });
    expect(refused.code).not.toBe(0);
    expect(await readdir(root)).not.toContain("project");
    const { code, stderr } = await cli(args, { cwd: root });
    expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
    expect(stderr).toContain(`${LAYOUT}. (Set dataset.layout if that is wrong.)`);
    expect(stderr).toContain("Left out: 1 image of an unsupported type");
    const view = viewProject(project);
    try {
      const { rows } = view.store.runs.query(runQuerySchema.parse({}));
      const logged = rows.flatMap(({ id }) => view.store.logs.list(id).map(({ text }) => text)).join("\n");
      expect(logged).toContain(LAYOUT);
      expect(logged).toContain("Left out: 1 image of an unsupported type");
    } finally {
      view.close();
    }
  });
});
