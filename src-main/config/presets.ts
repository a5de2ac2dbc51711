import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { runConfigSchema } from "../../src-shared/domain/config/run-config.ts";
import type { Preset } from "../../src-shared/domain/records/drafts.ts";
import { UserError } from "../lib/errors.ts";

/** Order of presets in lists, from small to large; others follow by name. */
const ORDER = ["demo", "quick", "paper-cifar10", "paper-ghn-top", "transfer-small", "imagenet-mobile", "demo-anytime", "quick-anytime", "paper-anytime"];

export const presetFileSchema = z.strictObject({
  title: z.string().min(1).max(200),
  description: z.string().max(2000).default(""),
  // Checked as a config later, with better messages.
  config: z.record(z.string(), z.unknown()),
});

/** A preset as written, without defaults. */
export interface PresetSource {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** Folder of the presets: `resources/` in a source tree, or next to a packaged program. */
function presetFolder(): string {
  let folder = import.meta.dirname;
  for (;;) {
    for (const candidate of [join(folder, "resources", "presets"), join(folder, "presets")]) if (existsSync(join(candidate, "demo.json"))) return candidate;
    const parent = dirname(folder);
    if (parent === folder) return join(import.meta.dirname, "presets");
    folder = parent;
  }
}

export async function presetNames(folder = presetFolder()): Promise<string[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".json")).map((name) => basename(name, ".json"));
  const rank = (name: string): number => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
  return names.sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}

export async function readPreset(id: string, folder = presetFolder()): Promise<PresetSource> {
  const path = join(folder, `${id}.json`);
  const damaged = (cause: unknown): UserError =>
    new UserError(`The preset ${path} is damaged.`, { code: "preset-damaged", file: path, remedy: "Reinstall GHN Studio.", cause });
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw damaged(cause);
  }
  const parsed = presetFileSchema.safeParse(json);
  if (!parsed.success) throw damaged(parsed.error);
  return { id, ...parsed.data };
}

/** All presets, with defaults filled in. */
export async function listPresets(folder = presetFolder()): Promise<Preset[]> {
  return Promise.all(
    (await presetNames(folder)).map(async (id) => {
      const preset = await readPreset(id, folder);
      return { ...preset, config: runConfigSchema.parse(preset.config) };
    }),
  );
}
