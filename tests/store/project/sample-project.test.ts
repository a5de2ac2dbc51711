import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { openProject } from "../../../src-main/store/project/project.ts";

const SAMPLE = join(import.meta.dirname, "..", "..", "..", "resources", "sample");

it("migrates the bundled sample project, written by version 0.1.0, and reads its runs", () => {
  const parent = mkdtempSync(join(tmpdir(), "ghn-sample-"));
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }));
  const folder = join(parent, "sample");
  cpSync(SAMPLE, folder, { recursive: true });
  const project = openProject(folder);
  try {
    const { store } = project;
    expect(store.runs.get("un9c5hy8")).toMatchObject({ name: "demo", kind: "pipeline", status: "completed" });
    expect(store.runs.children("un9c5hy8").map(({ stage }) => stage)).toEqual(["ghn", "search", "compare", "final"]);
    const ghn = store.runs.children("un9c5hy8").find(({ stage }) => stage === "ghn");
    expect(store.runs.record(ghn?.id ?? "")?.config).toMatchObject({ ghn: { sharing: "all", scaleFeature: true } });
    expect(store.candidates.count("d4tfjr9k")).toBe(103);
    expect(store.trainings.list("kypd55g2")).toHaveLength(6);
  } finally {
    project.close();
  }
});
