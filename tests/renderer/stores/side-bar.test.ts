import { beforeEach, describe, expect, it, vi } from "vitest";
import { nextTick } from "vue";
import { connectFakeStudio } from "../support/fake-studio.ts";

const studio = await connectFakeStudio();

/** A media query whose result the test changes. */
class FakeQuery extends EventTarget {
  matches = false;

  change(matches: boolean): void {
    this.matches = matches;
    this.dispatchEvent(Object.assign(new Event("change"), { matches }));
  }
}
let query = new FakeQuery();
// VueUse looks for a window when it is imported.
vi.stubGlobal("window", { studio, matchMedia: () => query });
vi.stubGlobal("document", {});
const { useSideBar } = await import("../../../src-renderer/stores/preferences/side-bar.ts");

beforeEach(() => {
  studio.reset({ "settings.set": () => null });
  query = new FakeQuery();
});

describe("the side bar", () => {
  it("is open in a wide window until collapsed, which is remembered", () => {
    const bar = useSideBar();
    expect(bar.collapsed).toBe(false);
    bar.toggle();
    expect(bar.collapsed).toBe(true);
    bar.close();
    expect(bar.collapsed).toBe(true);
  });

  it("is collapsed in a narrow window, opens over the page, and closes after navigation", async () => {
    query.matches = true;
    const bar = useSideBar();
    expect([bar.narrow, bar.collapsed]).toEqual([true, true]);
    bar.toggle();
    expect(bar.collapsed).toBe(false);
    bar.close();
    expect(bar.collapsed).toBe(true);
    bar.toggle();
    query.change(false);
    await nextTick();
    expect([bar.narrow, bar.collapsed]).toEqual([false, false]);
    query.change(true);
    await nextTick();
    expect(bar.collapsed).toBe(true);
  });
});
