import { describe, expect, it } from "vitest";
import { bestTrained } from "../../../../src-renderer/pages/compare/use-best-cells.ts";
import type { Training } from "../../../../src-shared/domain/records/run.ts";

let lastId = 0;
function training(name: string, validationAccuracy: number, part: Partial<Training> = {}): Training {
  return {
    id: ++lastId,
    runId: "compare",
    candidateId: null,
    name,
    canonical: name,
    architecture: { normal: { nodes: [{ operation: "identity", inputs: [0] }] } },
    role: "shortlist",
    repetition: 0,
    seed: 1,
    epochs: 5,
    parameters: 1000,
    multiplyAdds: 10,
    score: null,
    validationAccuracy,
    testAccuracy: null,
    trainLoss: 1,
    seconds: 1,
    ...part,
  };
}

const PIPELINE = { id: "run", children: [{ id: "ghn" }, { id: "search" }, { id: "compare" }, { id: "final" }] };
const shown = (...trainings: readonly Training[]) => bestTrained(PIPELINE, trainings).map(({ name, value }) => [name, value]);

describe("the best trained cells of a run", () => {
  it("are ranked by the mean over their repetitions, each cell once", () => {
    expect(shown(training("lucky", 0.75), training("lucky", 0.25), training("steady", 0.625))).toEqual([
      ["steady", 0.625],
      ["lucky", 0.5],
    ]);
  });

  it("do not include random cells unless there are no others", () => {
    const random = training("random", 0.9, { role: "random" });
    expect(shown(random, training("searched", 0.5))).toEqual([["searched", 0.5]]);
    expect(shown(random)).toEqual([["random", 0.9]]);
  });

  it("are those of the last stage with trainings that did not diverge", () => {
    const compared = [training("a", 0.7), training("b", 0.6)];
    const final = { runId: "final", epochs: 600 };
    expect(shown(...compared, training("a", 0.5, final))).toEqual([["a", 0.5]]);
    expect(shown(...compared, training("a", 0.99, { ...final, divergence: "It diverged." }))).toEqual([
      ["a", 0.7],
      ["b", 0.6],
    ]);
    expect(bestTrained({ id: "run", children: [] }, [training("own", 0.4, { runId: "run" })]).map(({ name }) => name)).toEqual(["own"]);
    expect(shown()).toEqual([]);
  });
});
