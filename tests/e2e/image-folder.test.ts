/** An image folder of the user, from the choice to the settings of a run, in a real Chromium with the real web host. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { put } from "../engine/datasets/support/helpers.ts";
import { launchBrowser, whyNoBrowser } from "./support/chromium.ts";
import { buildPage, type ServedStudio, serveStudio } from "./support/serve.ts";
import { Visitor } from "./support/visitor.ts";

const reason = whyNoBrowser();
if (reason !== null) console.warn(`End-to-end tests are skipped: ${reason}.`);

describe.skipIf(reason !== null)("an image folder in a browser", { timeout: 300_000 }, () => {
  let studio: ServedStudio;
  let browser: Browser;
  let visitor: Visitor;

  beforeAll(async () => {
    buildPage();
    [studio, browser] = await Promise.all([serveStudio(), launchBrowser()]);
    mkdirSync(join(studio.root, "projects"));
    // Is train/ a part or a class? Only the user knows.
    for (const [index, name] of ["bus", "car", "train/steam", "train/electric"].entries())
      for (let i = 0; i < 15; i++) {
        const image = sharp({ create: { width: 16, height: 16, channels: 3, background: { r: 60 * index, g: 8 * i, b: 90 } } });
        await put(join(studio.root, "vehicles", name, `${i}.png`), await image.png().toBuffer());
      }
    await put(join(studio.root, "vehicles/car/photo.heic"), "not read");
    await put(join(studio.root, "vehicles/car/.ipynb_checkpoints/0.png"), "not read");
    visitor = await Visitor.at(browser, studio.url);
  }, 600_000);

  afterAll(async () => {
    await browser?.close();
    await studio?.stop();
  });

  it("asks what its folders are, then shows how it is understood and what is left out", async () => {
    await visitor.click("create-project");
    await visitor.id("project-name").fill("Vehicles");
    await visitor.page.getByRole("button", { name: "Browse…" }).click();
    const dialog = visitor.id("folder-dialog");
    await dialog.getByRole("option", { name: "projects" }).dblclick();
    await dialog.getByText("No subfolders.").waitFor();
    // A wrong path is reported and stays to be corrected.
    await visitor.id("folder-path").fill(join(studio.root, "nowhere"));
    await visitor.id("folder-path").press("Enter");
    await dialog.getByText("There is no folder").waitFor();
    expect(await visitor.id("folder-path").inputValue()).toBe(join(studio.root, "nowhere"));
    await visitor.id("folder-path").fill(join(studio.root, "projects"));
    await visitor.id("folder-path").press("Enter");
    await visitor.click("new-folder");
    await visitor.id("new-folder-name").fill("con");
    await visitor.click("new-folder-create");
    await visitor.id("new-folder-problem").getByText("reserved on Windows").waitFor();
    await visitor.id("new-folder-name").fill("2026");
    expect(await visitor.barriers()).toEqual([]);
    await visitor.picture("folder-dialog");
    await visitor.click("new-folder-create");
    await visitor.attribute("folder-dialog", "data-state", "open");
    await visitor.page.waitForFunction(
      (path) => document.querySelector<HTMLInputElement>("[data-testid=folder-path]")?.value === path,
      join(studio.root, "projects", "2026"),
    );
    await visitor.click("folder-confirm");
    await visitor.click("create-confirm");
    await visitor.click("new-run");
    await visitor.choose("dataset-select", /Other image folder/);
    await visitor.id("folder-dialog").getByRole("option", { name: "vehicles" }).dblclick();
    await visitor.click("folder-confirm");
    await visitor.id("dataset-problem").getByText("it contains train, which looks like a part of a dataset, next to bus, car").waitFor();
    await visitor.picture("image-folder-question");
    await visitor.click("advanced-dataset");
    await visitor.choose("input-dataset.layout", "classes");
    await visitor.id("dataset-layout").getByText("3 class folders: bus, car, train.").waitFor();
    expect(await visitor.id("dataset-left-out").locator("li").allTextContents()).toEqual([
      "1 image of an unsupported type (car/photo.heic)",
      "1 file or folder of a file manager or archive tool (car/.ipynb_checkpoints)",
    ]);
    expect(await visitor.barriers()).toEqual([]);
    await visitor.picture("image-folder");
    // Another dataset does not keep the answer.
    await visitor.choose("dataset-select", /digits/i);
    await visitor.id("dataset-facts").getByText("1,437").waitFor();
    expect(await visitor.id("problem-dataset.layout").count()).toBe(0);
    expect(visitor.complaints).toEqual([]);
  });
});
