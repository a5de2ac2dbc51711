import { beforeAll, describe, expect, it } from "vitest";
import { initBackend, tf } from "../../../src-main/engine/backend/index.ts";
import { TensorWeights, VariableWeights } from "../../../src-main/engine/network/weights.ts";
import { Rng } from "../../../src-main/engine/random.ts";
import { buildPlan } from "../../../src-main/engine/spaces/cell/plan.ts";
import { cellOf, config, TINY } from "./support/networks.ts";

const plan = buildPlan({ normal: cellOf("sepConv3x3", [0, 1]) }, config({ initialChannels: 32 }), TINY);

beforeAll(async () => {
  await initBackend({ prefer: "wasm" });
});

describe("trainable weights", () => {
  it("are initialised with a deviation given by the fan-in; scales are 1, shifts and biases 0", () => {
    const weights = new VariableWeights(plan, Rng.fromSeed(1, "init"));
    for (const slot of plan.slots) {
      const values = [...weights.get(slot).dataSync()];
      if (slot.role === "scale") expect(values.every((value) => value === 1)).toBe(true);
      else if (slot.role === "shift" || slot.role === "bias") expect(values.every((value) => value === 0)).toBe(true);
      else {
        const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length;
        const expected = (slot.role === "classifier" ? 1 : 2) / slot.fanIn;
        expect(Math.abs(variance / expected - 1), slot.id).toBeLessThan(6 * Math.sqrt(2 / values.length));
      }
    }
    weights.dispose();
  });

  it("are the same from the same seed, with or without the auxiliary head", () => {
    const [a, b, c] = [{}, { auxiliary: true }, {}].map((options, i) => new VariableWeights(plan, Rng.fromSeed(i === 2 ? 8 : 7, "init"), options));
    expect(b?.export()).toEqual(a?.export());
    expect(c?.export()).not.toEqual(a?.export());
    expect(Object.keys(b?.export({ auxiliary: true }) ?? {})).toHaveLength(plan.slots.length + plan.auxiliarySlots.length);
    for (const weights of [a, b, c]) weights?.dispose();
  });

  it("state which of them weight decay applies to", () => {
    const weights = new VariableWeights(plan, Rng.fromSeed(1, "init"), { auxiliary: true });
    const slots = [...plan.slots, ...plan.auxiliarySlots];
    expect(weights.entries()).toHaveLength(slots.length);
    for (const [i, { variable, decays }] of weights.entries().entries()) {
      expect(variable.shape).toEqual([...(slots[i]?.shape ?? [])]);
      expect(decays).toBe(variable.rank > 1);
    }
    weights.dispose();
  });

  it("have unique names, which are reused after disposal", () => {
    const names = (weights: VariableWeights): string[] => weights.entries().map(({ variable }) => variable.name);
    const first = new VariableWeights(plan, Rng.fromSeed(1, "init"));
    const second = new VariableWeights(plan, Rng.fromSeed(1, "init"));
    const all = [...names(first), ...names(second)];
    expect(new Set(all).size).toBe(all.length);
    const before = names(first);
    first.dispose();
    const third = new VariableWeights(plan, Rng.fromSeed(1, "init"));
    expect(names(third)).toEqual(before);
    second.dispose();
    third.dispose();
  });

  it("are restored bit for bit from an export; an export that does not fit is rejected as a whole", () => {
    const before = tf.memory().numTensors;
    const first = new VariableWeights(plan, Rng.fromSeed(1, "init"), { auxiliary: true });
    const second = new VariableWeights(plan, Rng.fromSeed(2, "init"), { auxiliary: true });
    const exported = first.export({ auxiliary: true });
    second.import(exported);
    expect(second.export({ auxiliary: true })).toEqual(exported);
    const other = new VariableWeights(plan, Rng.fromSeed(3, "init"), { auxiliary: true });
    const own = other.export({ auxiliary: true });
    const { "classifier/bias": bias, ...rest } = exported;
    expect(() => other.import(rest)).toThrow("classifier/bias");
    expect(() => other.import({ ...exported, "classifier/bias": { shape: [2], values: new Float32Array(2) } })).toThrow("[3]");
    expect(() => other.import({ ...exported, "classifier/bias": { shape: [3], values: new Float32Array(2) } })).toThrow("2 values");
    expect(other.export({ auxiliary: true })).toEqual(own);
    // A weight file has no auxiliary head, so its weights stay.
    other.import(first.export());
    expect(other.export({ auxiliary: true })).toEqual({ ...own, ...first.export() });
    expect(bias?.values).toHaveLength(3);
    for (const weights of [first, second, other]) weights.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("given weights", () => {
  it("report which one is missing", () => {
    const [slot] = plan.slots;
    if (slot === undefined) throw new Error("No slot.");
    expect(() => new TensorWeights(new Map()).get(slot)).toThrow("stem/conv");
  });
});
