import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { effectScope, nextTick, ref } from "vue";
import { useRunSettings } from "../../../../src-renderer/pages/runs/settings/use-run-settings.ts";
import { useConnection } from "../../../../src-renderer/stores/connection.ts";
import { connectFakeStudio, WireFailure } from "../../support/fake-studio.ts";

const studio = await connectFakeStudio();
const settingsOf = (ids: readonly string[]) => Object.fromEntries(ids.map((id) => [id, { seed: id }]));
let scope = effectScope();

beforeEach(() => {
  scope = effectScope();
  studio.reset({ "runs.settings": ({ runIds }) => settingsOf(runIds) });
  useConnection().watchBridge();
});
afterEach(() => scope.stop());

const load = (wanted: readonly string[]) => {
  const list = ref(wanted);
  const known = scope.run(() => useRunSettings(list));
  if (known === undefined) throw new Error("The scope has ended.");
  return { list, known };
};

describe("the settings of the listed runs", () => {
  it("are loaded for all of them, in as many calls as needed, and once", async () => {
    const ids = Array.from({ length: 450 }, (_, i) => `r${i}`);
    const { list, known } = load(ids);
    await expect.poll(() => known.value.size).toBe(450);
    list.value = [...ids, "new"];
    await expect.poll(() => known.value.has("new")).toBe(true);
    expect(studio.inputsOf("runs.settings")).toEqual([ids.slice(0, 200), ids.slice(200, 400), ids.slice(400), ["new"]].map((runIds) => ({ runIds })));
  });

  it("are kept whatever the order of the answers", async () => {
    const answers: (() => void)[] = [];
    studio.handlers["runs.settings"] = ({ runIds }) => new Promise((resolve) => answers.push(() => resolve(settingsOf(runIds))));
    const { list, known } = load(["a"]);
    list.value = ["a", "b"];
    await expect.poll(() => answers.length).toBe(2);
    answers[1]?.();
    await expect.poll(() => known.value.has("b")).toBe(true);
    answers[0]?.();
    await expect.poll(() => known.value.has("a")).toBe(true);
    expect([...known.value.keys()].sort()).toEqual(["a", "b"]);
  });

  it("are loaded again after an error when the connection is back", async () => {
    studio.handlers["runs.settings"] = () => {
      throw new WireFailure({ code: "offline", message: "GHN Studio is not responding." });
    };
    const { known } = load(["a"]);
    await expect.poll(() => studio.inputsOf("runs.settings").length).toBe(1);
    await nextTick();
    studio.handlers["runs.settings"] = ({ runIds }) => settingsOf(runIds);
    studio.setConnected(false);
    studio.setConnected(true);
    await expect.poll(() => known.value.get("a")).toEqual({ seed: "a" });
    expect(studio.inputsOf("runs.settings")).toHaveLength(2);
  });
});
