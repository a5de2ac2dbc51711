import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { UserSettings } from "../../../src-main/api/settings/user-settings.ts";
import { recordingLog } from "../../hosts/support/host-support.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ghn-settings-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("settings and recent projects are saved with few writes, and no temporary file remains", async () => {
  const file = join(folder, "deep", "settings.json");
  const settings = await UserSettings.open(file, recordingLog());
  for (let i = 0; i < 500; i++) settings.set("ui.width", i);
  settings.set("ui.theme", "dark");
  settings.set("__proto__", { polluted: true });
  settings.remember("/a", "A");
  settings.remember("/b", "B");
  settings.remember("/a", "A again");
  await settings.flush();
  expect(await readdir(join(folder, "deep"))).toEqual(["settings.json"]);
  const again = await UserSettings.open(file, recordingLog());
  expect(again.get("ui.width")).toBe(499);
  expect(again.get("ui.theme")).toBe("dark");
  expect(again.get("toString")).toBeUndefined();
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  expect(again.recent.map(({ folder: path, name }) => [path, name])).toEqual([
    ["/a", "A again"],
    ["/b", "B"],
  ]);
  again.forget("/b");
  again.set("ui.theme", null);
  await again.flush();
  expect(Object.keys((JSON.parse(await readFile(file, "utf8")) as { settings: object }).settings)).not.toContain("ui.theme");
});

test("a damaged file is renamed, not deleted, and the settings start empty", async () => {
  const file = join(folder, "settings.json");
  await writeFile(file, '{"version":1,"settings":{');
  const log = recordingLog();
  const settings = await UserSettings.open(file, log);
  expect(settings.all()).toEqual({});
  expect(await readFile(`${file}.damaged`, "utf8")).toBe('{"version":1,"settings":{');
  expect(log.lines.join()).toContain("damaged");
});

test("a value that is too large is refused with a message", async () => {
  const settings = await UserSettings.open(join(folder, "settings.json"), recordingLog());
  expect(() => settings.set("x", "y".repeat(1_000_000))).toThrow(expect.objectContaining({ code: "settings-full" }));
  for (let i = 0; i < 2000; i++) settings.set(`k${i}`, i);
  expect(() => settings.set("one-more", 1)).toThrow(expect.objectContaining({ code: "settings-full" }));
  await settings.flush();
});

test("all settings together are bounded", async () => {
  const settings = await UserSettings.open(join(folder, "settings.json"), recordingLog());
  const value = "x".repeat(400_000);
  const fill = (): void => {
    for (let i = 0; i < 10; i++) settings.set(`big.${i}`, value);
  };
  expect(fill).toThrow("There is no space for the setting big.5");
  // Replacing one is no addition.
  settings.set("big.4", value);
  await settings.flush();
});
