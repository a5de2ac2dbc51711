/** The desktop application itself, if Electron's binary is available: opens a project, starts a run, sees its curve grow, quits. */
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { _electron as playwright } from "playwright-core";
import { describe, expect, test } from "vitest";
import { createProject } from "../../../src-main/store/project/project.ts";
import type { StudioBridge } from "../../../src-shared/contract.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");
const MAIN = join(ROOT, "out", "main", "main.js");

/** The binary, without downloading it (importing the package would). */
function electronBinary(): string | null {
  const folder = join(ROOT, "node_modules", "electron");
  const pathFile = join(folder, "path.txt");
  const name = existsSync(pathFile) ? readFileSync(pathFile, "utf8").trim() : "electron";
  const binary = join(process.env["ELECTRON_OVERRIDE_DIST_PATH"] ?? join(folder, "dist"), name);
  return existsSync(binary) ? binary : null;
}

/** Why the test cannot run here; null when it can. */
function obstacle(): string | null {
  if (electronBinary() === null) return "Electron's binary is not here (npx install-electron fetches it)";
  if (!existsSync(MAIN)) return "the application is not built (npm run build)";
  if (process.platform === "linux" && process.env["DISPLAY"] === undefined && process.env["WAYLAND_DISPLAY"] === undefined)
    return "there is no display (xvfb-run gives one)";
  return null;
}

const reason = obstacle();
if (reason !== null) console.info(`The smoke test of the desktop application is skipped: ${reason}.`);

/** The page in which the functions below run. */
declare const window: { readonly studio?: StudioBridge; readonly location: { hash: string } };

describe.skipIf(reason !== null)(`the desktop application${reason === null ? "" : ` (skipped: ${reason})`}`, () => {
  test("opens the project, starts a run, shows the curve growing and quits cleanly", { timeout: 180_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), "ghn-electron-smoke-"));
    const project = join(folder, "project");
    createProject(project, "Smoke").close();
    const app = await playwright.launch({
      executablePath: electronBinary() ?? "",
      args: [MAIN, project, ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])],
      env: { ...(process.env as Record<string, string>), GHN_STUDIO_DATA: join(folder, "data") },
    });
    try {
      const page = await app.firstWindow();
      await page.waitForFunction(() => window.studio !== undefined);
      expect(await page.evaluate(() => typeof (globalThis as { require?: unknown }).require)).toBe("undefined");
      await expect.poll(() => page.evaluate(async () => (await window.studio?.call("project.current", {}))?.ok), { timeout: 30_000 }).toBe(true);
      const runId = await page.evaluate(async () => {
        const presets = await window.studio?.call("presets.list", {});
        if (presets?.ok !== true) throw new Error("No presets.");
        const demo = presets.value.find((preset) => preset.id === "demo");
        if (demo === undefined) throw new Error("No demo preset.");
        const created = await window.studio?.call("runs.create", { name: "Smoke", config: demo.config, tags: [] });
        if (created?.ok !== true) throw new Error("The run was not created.");
        return created.value.id;
      });
      await page.evaluate((id) => {
        window.location.hash = `#/runs/${id}`;
      }, runId);
      const points = (): Promise<number> =>
        page.evaluate(async (id) => {
          const detail = await window.studio?.call("runs.get", { runId: id });
          const child = detail?.ok === true ? detail.value.children[0] : undefined;
          return child?.metrics["ghn/loss"]?.count ?? 0;
        }, runId);
      await expect.poll(points, { timeout: 90_000 }).toBeGreaterThan(3);
      await page.locator("canvas, svg").first().waitFor();
      await page.evaluate((id) => window.studio?.call("runs.stop", { runId: id }), runId);
      await expect
        .poll(
          () =>
            page.evaluate(async (id) => {
              const detail = await window.studio?.call("runs.get", { runId: id });
              return detail?.ok === true ? detail.value.status : "";
            }, runId),
          { timeout: 60_000 },
        )
        .toBe("stopped");
    } finally {
      await app.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
