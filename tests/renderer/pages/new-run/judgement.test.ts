import { describe, expect, it } from "vitest";
import { type EstimatedPreset, isReasonable, judge, nearestFitting } from "../../../../src-renderer/pages/new-run/summary/judgement.ts";
import { runConfigSchema } from "../../../../src-shared/domain/config/run-config.ts";

const GB = 1e9;
const preset = (id: string, seconds: number, dataset = "cifar10", kind = "pipeline", memoryBytes = GB): EstimatedPreset => ({
  preset: { id, title: id, description: "", config: runConfigSchema.parse({ kind, dataset: { id: dataset } }) },
  estimate: { seconds, memoryBytes },
});

describe("the cost of a run", () => {
  it("is judged against a day and the memory of the computer", () => {
    expect(judge({ seconds: 120, memoryBytes: GB }, 8 * GB)).toEqual({ long: false, tooBig: false });
    expect(judge({ seconds: 845 * 86_400, memoryBytes: GB }, 8 * GB)).toEqual({ long: true, tooBig: false });
    expect(isReasonable(judge({ seconds: 120, memoryBytes: 9 * GB }, 8 * GB))).toBe(false);
    expect(isReasonable(judge({ seconds: 120, memoryBytes: 9 * GB }, null))).toBe(true);
  });

  it("leads to the nearest preset that fits: the same kind, the same dataset first, then the longest", () => {
    const all = [
      preset("demo", 100, "digits"),
      preset("paper", 9e6),
      preset("quick", 3000),
      preset("quicker", 300),
      preset("study", 50, "cifar10", "anytime"),
      preset("big", 4000, "cifar10", "pipeline", 99 * GB),
    ];
    const wanted = { kind: "pipeline", dataset: "cifar10" } as const;
    expect(nearestFitting(all, wanted, 8 * GB)?.preset.id).toBe("quick");
    expect(nearestFitting(all, { ...wanted, dataset: "digits" }, 8 * GB)?.preset.id).toBe("demo");
    expect(nearestFitting([preset("paper", 9e6)], wanted, 8 * GB)).toBeNull();
  });
});
