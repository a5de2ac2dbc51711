import { describe, expect, it } from "vitest";
import { DivergenceMonitor, type DivergenceOptions, type TrainedNetwork } from "../../../src-main/engine/training/divergence.ts";

const GUESSING = Math.log(10);

function monitor(options: Partial<DivergenceOptions> = {}): DivergenceMonitor {
  return new DivergenceMonitor({ stepsPerEpoch: 100, guessingLoss: GUESSING, ...options });
}

/** Adds steps from `first` on; null is a skipped one. */
function add(to: DivergenceMonitor, losses: readonly (number | null)[], first = 1): DivergenceMonitor {
  for (const [i, loss] of losses.entries()) to.add({ loss: loss ?? Number.NaN, applied: loss !== null }, first + i);
  return to;
}

const alternating = (skipped: number): (number | null)[] => Array.from({ length: skipped }, () => [1, null]).flat();

describe("skipped steps of an epoch", () => {
  it("may be as many as in a row, and a tenth of the steps of longer epochs", () => {
    expect(add(monitor({ maxSkippedInARow: 20 }), alternating(20)).reason).toBeNull();
    expect(add(monitor({ maxSkippedInARow: 20 }), alternating(21)).reason).toMatch(/^In 21 of the 100 steps of an epoch/);
    expect(add(monitor({ maxSkippedInARow: 5 }), alternating(10)).reason).toBeNull();
    expect(add(monitor({ maxSkippedInARow: 5 }), alternating(11)).reason).toMatch(/^In 11 of the 100 steps of an epoch/);
    expect(add(monitor({ stepsPerEpoch: 1000 }), alternating(100)).reason).toBeNull();
  });
});

describe("a network at the level of guessing", () => {
  const network: TrainedNetwork = { tensors: new Map(), losses: [GUESSING + 0.1, GUESSING], accuracy: { value: 0.1, images: 100, chance: 0.1 } };
  /** High from the start, as some networks are, and hardly higher later. */
  const high = Array.from({ length: 30 }, () => 2 * GUESSING);

  it("is a result if its loss did not rise above its first value, also if the first step was skipped", () => {
    expect(add(monitor(), high).reasonAtEnd(30, network)).toBeNull();
    expect(add(monitor(), [null, ...high]).reasonAtEnd(31, network)).toBeNull();
    expect(add(monitor(), [null, GUESSING, ...high]).reasonAtEnd(32, network)).toMatch(/^The loss rose to 2\.0 times that of guessing/);
  });

  it("is judged alike after a resume, and only by what is known after one from an old checkpoint", () => {
    const resumed = monitor();
    resumed.restore(JSON.parse(JSON.stringify(add(monitor(), [null]).state())));
    expect(add(resumed, high, 2).reasonAtEnd(31, network)).toBeNull();
    const old = monitor();
    old.restore({ skipped: 1, peakLoss: 3 * GUESSING });
    expect(old.reasonAtEnd(40, network)).toBeNull();
  });
});

it("the share of skipped steps is that of the steps so far", () => {
  const network: TrainedNetwork = { tensors: new Map(), losses: [1], accuracy: null };
  const one = add(monitor(), [1, null, 1, 1, 1]);
  expect(one.reasonAtEnd(5, network)).toMatch(/^In 1 of 5 steps/);
  expect(add(one, [1, 1, 1, 1, 1], 6).reasonAtEnd(10, network)).toBeNull();
});
