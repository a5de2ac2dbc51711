import { describe, expect, it } from "vitest";
import { defaultState, runColumns, withSettings } from "../../../../src-renderer/pages/runs/run-columns.ts";
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
      tags: ["paper, draft", "x"],
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
    // Switching it off hides them again.
    expect(withSettings(state, columns, []).hidden).toContain("setting:training.epochs");
    expect(settingText(runs[2], "setting:training.halveAt")).toBe("0.5, 0.7");
    expect(settingText(runs[1], "setting:space.nodes")).toBe("");
    expect(settingText(undefined, "setting:space.nodes")).toBe("");
  });
});
