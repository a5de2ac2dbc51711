/** Fuzzing of run configs: as JSON values, as files, and as `--set` options. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { fromSchema } from "../../scripts/campaign/fuzz/from-schema.ts";
import { damagedJson, json, text } from "../../scripts/campaign/fuzz/hostile.ts";
import { applySets, completeConfig, loadConfig } from "../../src-main/config/load-config.ts";
import { listPresets } from "../../src-main/config/presets.ts";
import { fieldPaths } from "../../src-shared/domain/config/config-fields.ts";
import { RUN_KINDS, runConfigSchema } from "../../src-shared/domain/config/run-config.ts";
import { damaged, FUZZ_TIMEOUT, fuzzRuns } from "./support/fuzz.ts";
import { parsed } from "./support/parsing.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ghn-fuzz-config-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const presets = (await listPresets()).map(({ config }) => config as unknown);
const valid = fc.oneof(fc.constantFrom(...presets), fromSchema(runConfigSchema));

it("run configs: complete and stable, or refused", { timeout: FUZZ_TIMEOUT }, async () => {
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(fc.oneof(valid, damagedJson(valid)), async (raw) => {
      const config = await parsed(() => completeConfig(raw, [], "the config"));
      if (config === null) return;
      accepted++;
      // As text, because JSON has no negative zero.
      expect(JSON.stringify(completeConfig(JSON.parse(JSON.stringify(config)), [], "the config"))).toBe(JSON.stringify(config));
    }),
    fuzzRuns(250),
  );
  expect(accepted).toBeGreaterThan(20);
});

const path = fc.oneof(
  fc.constantFrom(...RUN_KINDS.flatMap((kind) => fieldPaths(kind))),
  fc.tuple(fc.constantFrom(...RUN_KINDS.flatMap((kind) => fieldPaths(kind))), text).map(([known, key]) => `${known}.${key}`),
  fc.constantFrom(
    "__proto__.polluted",
    "constructor.prototype.polluted",
    "variants.4294967294.name",
    "variants.1e9.seed",
    "seeds.-1",
    "dataset.__proto__.x",
    "",
    ".",
    "a..b",
  ),
  text,
);
const written = fc.oneof(
  text,
  json.map((value) => JSON.stringify(value)),
  fc.constantFrom("[", "{", "1,2,3", "1e400", ".5", "+1", "True", '"a', "[1,,2]", '{"__proto__":{"polluted":1}}'),
);

it("--set options", { timeout: FUZZ_TIMEOUT }, async () => {
  const sets = fc.array(
    fc.tuple(path, written).map(([field, value]) => `${field}=${value}`),
    { minLength: 1, maxLength: 3 },
  );
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.constantFrom(...presets), json), sets, async (raw, options) => {
      await parsed(() => applySets(raw, options));
      await parsed(() => completeConfig(raw, options, "the config"));
    }),
    fuzzRuns(250),
  );
});

it("config files of any bytes", { timeout: FUZZ_TIMEOUT }, async () => {
  const file = join(folder, "config.json");
  const bytes = fc.oneof(
    ...presets.slice(0, 3).map((config) => damaged(Buffer.from(JSON.stringify(config)))),
    damaged(Buffer.from(JSON.stringify({ title: "A", config: presets[0] }))),
    damaged(Buffer.from(JSON.stringify(presets[1]), "utf16le")),
    json.map((value) => Buffer.from(JSON.stringify(value))),
  );
  await fc.assert(
    fc.asyncProperty(bytes, async (content) => {
      await writeFile(file, content);
      await parsed(() => loadConfig(file));
    }),
    fuzzRuns(150),
  );
});

const nested = (depth: number): string => `${"[".repeat(depth)}${"]".repeat(depth)}`;
/** The demo without its opening bracket, and without the fields that the tests give. */
const demo = JSON.stringify({ ...(presets[0] as object), seed: undefined, compute: undefined, network: undefined }).slice(1);

it.each<[string, () => string]>([
  ["200,000 nested lists", () => nested(200_000)],
  ["nested lists in a field", () => `{"seed":${nested(200_000)},${demo}`],
  ["nested lists in an unknown field", () => `{"x":${nested(200_000)},${demo}`],
  ["nested lists in a preset file", () => `{"title":"A","config":{"kind":${nested(200_000)}}}`],
  ["nested objects without an end", () => '{"a":'.repeat(300_000)],
  ["30,000 unknown fields", () => `{${Array.from({ length: 30_000 }, (_, i) => `"field${i}":0`).join(",")},${demo}`],
  ["an unknown field with a name of 5 MB", () => `{"${"x".repeat(5_000_000)}":0,${demo}`],
  ["a kind of 5 MB", () => `{"kind":"${"p".repeat(5_000_000)}"}`],
  ["a text of 5 MB in place of a number", () => `{"seed":"${"1".repeat(5_000_000)}",${demo}`],
  ["a choice of 5 MB", () => `{"compute":{"backend":"${"w".repeat(5_000_000)}"},${demo}`],
  ["a list of a million numbers", () => `{"network":{"reductions":[${"1,".repeat(1_000_000)}1]},${demo}`],
  ["a text that does not end, full of escaped quotes", () => `{"a":"${'\\"'.repeat(3_000_000)}`],
  ["a million open quotes", () => `{${'"a '.repeat(1_000_001)}`],
  ["a number of a million digits", () => `{"seed":${"9".repeat(1_000_000)},${demo}`],
  ["broken JSON after a million digits", () => `{"seed":${"9".repeat(1_000_000)}x,${demo}`],
])("a hostile file: %s", async (_, content) => {
  const file = join(folder, "hostile.json");
  await writeFile(file, content());
  expect(await parsed(() => loadConfig(file))).toBeNull();
});

it.each<[string, string]>([
  ["a million digits and a letter", `seed=${"1".repeat(1_000_000)}x`],
  ["a field name of a million characters", `${"a".repeat(1_000_000)}=1`],
  ["a field name of 100,000 parts", `${"a.".repeat(100_000)}a=1`],
  ["nested lists", `network.reductions=${nested(200_000)}`],
  ["a huge index", "variants.4294967295.name=x"],
  ["spaces", `seed=${" ".repeat(1_000_000)}x`],
])("a hostile --set: %s", async (_, set) => {
  for (const raw of [presets[0], presets.find((config) => (config as { kind: string }).kind === "study"), {}])
    await parsed(() => completeConfig(raw, [set], "the config"));
});
