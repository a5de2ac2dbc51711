import { describe, expect, it } from "vitest";
import { buildMsdNet, buildResNet } from "../../../../src-main/engine/spaces/anytime/references.ts";
import { msdNetSchema, resNetSchema } from "../../../../src-shared/domain/architecture/anytime.ts";
import type { NetworkInput } from "../../../../src-shared/domain/architecture/network.ts";

const CIFAR10: NetworkInput = { height: 32, width: 32, channels: 3, classes: 10 };

describe("MSDNet", () => {
  it("has the multiply-adds of MSDNet's own code at each of its ten exits", () => {
    const { exits } = buildMsdNet(msdNetSchema.parse({ kind: "msdnet" }), CIFAR10);
    const millions = exits.map((exit) => exit.multiplyAdds / 1e6);
    expect(millions.map((value) => value.toFixed(2))).toEqual(["15.13", "25.48", "37.75", "52.02", "62.12", "74.00", "87.65", "99.95", "110.02", "121.56"]);
    // The reference figures were rounded twice: 87.648 became 87.65, then 87.7.
    const reference = [15.1, 25.5, 37.8, 52.0, 62.1, 74.0, 87.7, 100.0, 110.0, 121.6];
    for (const [i, value] of reference.entries()) expect(Math.abs((millions[i] ?? 0) - value)).toBeLessThan(0.055);
  });

  it("can be scaled down, with growing steps too", () => {
    const small = msdNetSchema.parse({
      kind: "msdnet",
      exits: 3,
      base: 2,
      step: 1,
      channels: 4,
      growth: 2,
      factors: [1, 2],
      bottleneckFactors: [1, 2],
      classifierChannels: 8,
    });
    const plan = buildMsdNet(small, { height: 8, width: 8, channels: 1, classes: 10 });
    expect(plan.exits).toHaveLength(3);
    expect(plan.counts.multiplyAdds).toBeLessThan(1e6);
    const growing = buildMsdNet({ ...small, stepMode: "growing" }, CIFAR10);
    expect(growing.exits.at(-1)?.multiplyAdds).toBeGreaterThan(buildMsdNet(small, CIFAR10).exits.at(-1)?.multiplyAdds ?? Infinity);
  });
});

describe("ResNet with several classifiers", () => {
  it("has 62 layers and seven exits, with parameters and multiply-adds counted by hand", () => {
    const plan = buildResNet(resNetSchema.parse({ kind: "resnet" }), CIFAR10);
    expect(plan.exits).toHaveLength(7);
    expect(plan.slots.filter((slot) => !slot.id.startsWith("exit") && !slot.id.includes("shortcut") && slot.shape.length === 4)).toHaveLength(61);
    const body = (channels: number, side: number, blocks: number): number => blocks * 2 * (side * side * channels * (9 * channels + 1));
    // The first exit: stem, four blocks, two strided convolutions to 128 channels, pooling and classifier. Each convolution has a ReLU.
    const stem = 1024 * 16 * (27 + 1);
    const exit = 256 * 128 * (9 * 16 + 1) + 64 * 128 * (9 * 128 + 1) + 64 * 128 + 129 * 10;
    expect(plan.exits[0]?.multiplyAdds).toBe(stem + body(16, 32, 4) + exit);
  });
});
