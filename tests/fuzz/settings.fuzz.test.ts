/** Fuzzing of the files of settings and of projects. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { damagedJson, json, text } from "../../scripts/campaign/fuzz/hostile.ts";
import { pollution } from "../../scripts/campaign/fuzz/refusal.ts";
import { UserSettings } from "../../src-main/api/settings/user-settings.ts";
import { newProjectFile, readProjectFile, writeProjectFile } from "../../src-main/store/project/project-file.ts";
import { recordingLog } from "../hosts/support/host-support.ts";
import { damaged, FUZZ_TIMEOUT, fuzzRuns } from "./support/fuzz.ts";
import { parsed } from "./support/parsing.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ghn-fuzz-settings-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const settings = { version: 1, settings: { "ui.theme": "dark", list: [1, { a: null }] }, recent: [{ folder: "/a", name: "A", openedAt: "2026-01-01" }] };
const asText = (value: unknown): string => JSON.stringify(value) ?? "";
const nested = `${"[".repeat(300_000)}${"]".repeat(300_000)}`;

it("settings files of any content open, and take settings of any key and value", { timeout: FUZZ_TIMEOUT }, async () => {
  const file = join(folder, "settings.json");
  const content = fc.oneof(
    damagedJson(fc.constant(settings)).map(asText),
    damaged(Buffer.from(asText(settings))),
    fc.constantFrom('{"version":1,"settings":{"__proto__":{"polluted":1}}}'),
  );
  await fc.assert(
    fc.asyncProperty(content, fc.array(fc.tuple(text, json), { maxLength: 3 }), async (given, changes) => {
      await writeFile(file, given);
      const opened = await parsed(() => UserSettings.open(file, recordingLog()));
      if (opened === null) throw new Error("The settings were refused.");
      for (const [key, value] of changes) {
        const done = await parsed(() => {
          opened.set(key, value as never);
          return true;
        });
        if (done === true) expect(opened.get(key)).toEqual(value === null ? undefined : value);
      }
      const kept = opened.all();
      await opened.flush();
      // What was written is read again.
      const again = await UserSettings.open(file, recordingLog());
      // Nested keys called __proto__ are left out on reading.
      if (changes.length > 0 && !asText(kept).includes("__proto__")) expect(asText(again.all())).toBe(asText(kept));
      expect(pollution()).toEqual([]);
    }),
    fuzzRuns(60),
  );
});

it.each([
  nested,
  `{"version":1,"settings":{"a":${nested}}}`,
  `{"format":"ghn-studio-project","version":${nested}}`,
  `{"format":"ghn-studio-project","version":1,"id":${nested}}`,
])("nested lists are no settings and no project: %#", async (content) => {
  const file = join(folder, "nested.json");
  await writeFile(file, content);
  expect((await UserSettings.open(file, recordingLog())).all()).toEqual({});
  await writeFile(join(folder, "project.json"), content);
  expect(await parsed(() => readProjectFile(folder))).toBeNull();
});

it("project files of any content are read or refused", { timeout: FUZZ_TIMEOUT }, async () => {
  const project = newProjectFile("A");
  writeProjectFile(folder, project);
  expect(readProjectFile(folder)).toEqual(project);
  const content = fc.oneof(damagedJson(fc.constant(project)).map(asText), damaged(Buffer.from(asText(project))), json.map(asText));
  await fc.assert(
    fc.asyncProperty(content, async (given) => {
      await writeFile(join(folder, "project.json"), given);
      const read = await parsed(() => readProjectFile(folder));
      if (read !== null) expect(read.name.length).toBeGreaterThan(0);
    }),
    fuzzRuns(150),
  );
});
