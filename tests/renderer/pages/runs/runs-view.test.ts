import { describe, expect, it } from "vitest";
import { defaultState, runColumns, withOwnSettings, withSettings } from "../../../../src-renderer/pages/runs/run-columns.ts";
import { differingSettings, settingColumns, settingText } from "../../../../src-renderer/pages/runs/settings/setting-columns.ts";
import { queryOf, type RunsView, viewOf } from "../../../../src-renderer/pages/runs/views/runs-view.ts";

const EMPTY: RunsView = { search: "", status: [], kind: [], dataset: [], tags: [], expression: "", view: "active", differing: false };

describe("the view in the URL", () => {
  it("is empty for the plain list and comes back whole otherwise", () => {
    expect(queryOf(EMPTY)).toEqual({});
    expect(viewOf({})).toEqual(EMPTY);
    const view: RunsView = {
      search: "two words",
      status: ["failed", "completed"],
      kind: ["pipeline"],
      dataset: ["digits"],
      tags: ["paper, draft", "x", "50%2C", "%25"],
      expression: 'testAccuracy > 0.9 and name ~ "a,b"',
      view: "archived",
      differing: true,
    };
    expect(viewOf(queryOf(view))).toEqual(view);
  });

  it("drops what it does not know", () => {
    expect(viewOf({ status: "failed,nonsense", view: "nowhere", kind: "x", q: ["a", "b"] })).toEqual({ ...EMPTY, status: ["failed"] });
  });
});

describe("columns of settings", () => {
  const columns = runColumns(["ghn/loss"], ["pipeline", "search"]);

  it("are offered for every setting of the listed kinds, once, and hidden at first", () => {
    const settings = settingColumns(["pipeline", "search"]);
    expect(new Set(settings.map(({ id }) => id)).size).toBe(settings.length);
    expect(settings.find(({ id }) => id === "setting:training.learningRate")?.hint).toMatch(/\(training\.learningRate\)$/);
    const state = defaultState(columns);
    for (const { id } of settings) expect(state.hidden, id).toContain(id);
  });

  it("can be those in which runs differ; what only one run has does not count", () => {
    const runs = [
      { "training.epochs": 1, "training.halveAt": [0.5], "ghn.hiddenSize": 8, "space.nodes": 3 },
      { "training.epochs": 2, "training.halveAt": [0.5], "ghn.hiddenSize": 8 },
      { "training.epochs": 2, "training.halveAt": [0.5, 0.7] },
    ];
    const paths = differingSettings(runs);
    expect(paths).toEqual(["training.epochs", "training.halveAt"]);
    const state = withSettings(defaultState(columns), columns, paths);
    expect(state.hidden).not.toContain("setting:training.epochs");
    expect(state.hidden).toContain("setting:ghn.hiddenSize");
    expect(state.order.indexOf("setting:training.epochs")).toBe(state.order.indexOf("figure:testAccuracy") - 2);
    expect(settingText(runs[2], "setting:training.halveAt")).toBe("0.5, 0.7");
    expect(settingText(runs[1], "setting:space.nodes")).toBe("");
    expect(settingText(undefined, "setting:space.nodes")).toBe("");
  });

  it("that differ leave the chosen ones alone when a column is resized, moved or pinned meanwhile", () => {
    const plain = defaultState(columns);
    const own = {
      ...plain,
      order: ["starred", "name", "setting:ghn.hiddenSize", "setting:space.nodes", ...plain.order.slice(2)],
      hidden: plain.hidden.filter((id) => id !== "setting:ghn.hiddenSize" && id !== "setting:space.nodes"),
    };
    const shown = withSettings(own, columns, ["training.epochs"]);
    expect(shown.hidden).toContain("setting:ghn.hiddenSize");
    const same = withOwnSettings(shown, own);
    expect({ ...same, hidden: [...same.hidden].sort() }).toEqual({ ...own, hidden: [...own.hidden].sort() });
    const changed = {
      order: ["kind", ...shown.order.filter((id) => id !== "kind")],
      hidden: [...shown.hidden, "created"],
      pinned: [...shown.pinned, "kind", "setting:training.epochs"],
      widths: { name: 400 },
    };
    const stored = withOwnSettings(changed, own);
    expect(stored.order.slice(0, 5)).toEqual(["kind", "starred", "name", "setting:ghn.hiddenSize", "setting:space.nodes"]);
    expect(stored.hidden).toContain("setting:training.epochs");
    expect(stored.hidden).toContain("created");
    expect(stored.hidden).not.toContain("setting:ghn.hiddenSize");
    expect(stored.pinned).toEqual(["starred", "name", "kind"]);
    expect(stored.widths).toEqual({ name: 400 });
  });
});
