import { expect, it } from "vitest";
import type { Calibration } from "../../../src-main/api/estimate/calibration.ts";
import { estimateRun, type ImageFacts } from "../../../src-main/api/estimate/estimate-run.ts";
import { listPresets } from "../../../src-main/config/presets.ts";

/** A device on which a run takes as many seconds as it has multiply-adds; a backward pass has twice those of a forward pass. */
const COUNTING: Calibration = {
  version: 1,
  backend: "",
  device: "",
  library: "",
  measuredAt: "2026-01-01",
  training: [0, 3, 0],
  inference: [0, 1, 0],
  generationTraining: [0, 0],
  generation: [0, 0],
  baseBytes: 0,
  bytesPerActivation: 0,
};
const CIFAR10: ImageFacts = { input: { height: 32, width: 32, channels: 3, classes: 10 }, trainImages: 50_000, testImages: 10_000 };
const IMAGENET: ImageFacts = { input: { height: 224, width: 224, channels: 3, classes: 1000 }, trainImages: 1_281_167, testImages: 50_000 };
/** Multiply-adds per second that the sentences assume, at least and at most. The paper's 6.1 GPU hours for its GHN come to 0.47 · 10¹² by the same count. */
const [SLOW, FAST] = [0.5e12, 1e12];

const superscript = (n: number): string => [...String(n)].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)]).join("");
const rounded = (value: number): string => Number(value.toPrecision(2)).toLocaleString("en");

function sentence(multiplyAdds: number): string {
  const [factor = "", exponent = ""] = multiplyAdds.toExponential(1).split("e+");
  const hours = (rate: number): string => rounded(multiplyAdds / rate / 3600);
  return `By count ${factor} · 10${superscript(Number(exponent))} multiply-adds: ${hours(FAST)} to ${hours(SLOW)} hours on a GPU that sustains 0.5 to 1 · 10¹² per second.`;
}

it("presets for GPUs state the time that their own config takes by count", async () => {
  const large = (await listPresets()).filter(({ id }) => id.startsWith("paper-") || id === "imagenet-mobile");
  expect(large.length).toBeGreaterThan(6);
  for (const { id, description, config } of large)
    expect(description, id).toContain(sentence(estimateRun(config, id === "imagenet-mobile" ? IMAGENET : CIFAR10, COUNTING).seconds));
});
