import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { useDensity } from "../../../src-renderer/stores/preferences/density.ts";
import { useSettings } from "../../../src-renderer/stores/preferences/settings.ts";
import { useTheme } from "../../../src-renderer/stores/preferences/theme.ts";
import { RUN_COLORS, useRunColors } from "../../../src-renderer/stores/run-colors.ts";
import { connectFakeStudio, WireFailure } from "../support/fake-studio.ts";

const studio = await connectFakeStudio();

beforeEach(() => {
  vi.useFakeTimers();
  studio.reset({ "settings.get": () => ({ "ui.density": "compact", "ui.theme": "purple", other: 7 }), "settings.set": () => null });
});
afterEach(() => vi.useRealTimers());

describe("settings", () => {
  it("come from the main process, and invalid values count as unset", async () => {
    const settings = useSettings();
    expect(useDensity().choice).toBe("comfortable");
    await settings.load();
    expect(settings.loaded).toBe(true);
    expect([useDensity().choice, useDensity().rowHeight]).toEqual(["compact", 28]);
    expect(useTheme().choice).toBe("system");
    expect(settings.setting("missing", z.string(), "fallback").value).toBe("fallback");
  });

  it("start empty if they cannot be read", async () => {
    studio.handlers["settings.get"] = () => {
      throw new WireFailure({ code: "failed", message: "No database." });
    };
    await useSettings().load();
    expect([useSettings().loaded, useSettings().values]).toEqual([true, {}]);
  });

  it("apply at once and are saved once after a delay, each key on its own", async () => {
    const settings = useSettings();
    const density = useDensity();
    density.choice = "compact";
    density.choice = "comfortable";
    settings.set("other", 1);
    expect(density.rowHeight).toBe(34);
    expect(studio.inputsOf("settings.set")).toEqual([]);
    await vi.advanceTimersByTimeAsync(250);
    expect(studio.inputsOf("settings.set")).toEqual([
      { key: "ui.density", value: "comfortable" },
      { key: "other", value: 1 },
    ]);
  });

  it("cycle through the themes", () => {
    const theme = useTheme();
    const seen = [theme.choice];
    for (let i = 0; i < 3; i++) {
      theme.next();
      seen.push(theme.choice);
    }
    expect(seen).toEqual(["system", "light", "dark", "system"]);
  });
});

describe("run colours", () => {
  it("differ among runs shown together and stay with their runs", () => {
    const colors = useRunColors();
    const many = Array.from({ length: RUN_COLORS }, (_, i) => `r${i}`);
    colors.ensure(many);
    expect(new Set(many.map((id) => colors.slot(id))).size).toBe(RUN_COLORS);
    const before = colors.slot("r5");
    colors.ensure(["r5", "r1"]);
    expect(colors.slot("r5")).toBe(before);
    expect([colors.has("r5"), colors.has("unknown"), colors.slot("unknown")]).toEqual([true, false, 0]);
  });

  it("differ for runs seen one after the other, so that comparing them changes none", () => {
    const colors = useRunColors();
    const runs = ["a", "b", "c", "d"];
    for (const run of runs) colors.ensure([run]);
    const before = runs.map((run) => colors.slot(run));
    expect(new Set(before).size).toBe(4);
    colors.ensure(runs);
    expect(runs.map((run) => colors.slot(run))).toEqual(before);
  });

  it("change only if two runs shown together share one, and then for the second", () => {
    const colors = useRunColors();
    const many = Array.from({ length: RUN_COLORS + 1 }, (_, i) => `r${i}`);
    for (const run of many) colors.ensure([run]);
    const first = many[0] ?? "";
    const last = many.at(-1) ?? "";
    const before = colors.slot(first);
    expect(colors.slot(last)).toBe(before);
    colors.ensure([first, last]);
    expect(colors.slot(first)).toBe(before);
    expect(colors.slot(last)).not.toBe(before);
  });

  it("reuses colours beyond eight runs instead of failing", () => {
    const colors = useRunColors();
    const many = Array.from({ length: 20 }, (_, i) => `r${i}`);
    colors.ensure(many);
    for (const id of many) expect(colors.slot(id)).toBeLessThan(RUN_COLORS);
  });
});
