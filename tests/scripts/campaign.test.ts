/** The campaign itself, at the smallest scale of its cheapest parts, so that it keeps working. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { campaignOptions, PARTS } from "../../scripts/campaign/campaign-options.ts";
import { report, Tally } from "../../scripts/campaign/tally.ts";

const SCRIPT = join(import.meta.dirname, "..", "..", "scripts", "campaign.ts");

describe("the campaign", () => {
  it("understands its options", () => {
    expect(campaignOptions([])).toEqual({ parts: PARTS, scale: 1, seed: 1 });
    expect(campaignOptions(["--quick", "--part", "soak", "--part", "calls", "--seed", "7"])).toEqual({ parts: ["calls", "soak"], scale: 0.05, seed: 7 });
    expect(() => campaignOptions(["--part", "naps"])).toThrow("There is no part naps.");
    expect(() => campaignOptions(["--scale", "none"])).toThrow("--scale must be a number");
  });

  it("counts trials and lists failures", () => {
    const good = new Tally("good");
    good.count(null);
    const bad = new Tally("bad");
    bad.count("it broke");
    bad.count(null);
    expect(report([good, bad])).toMatch(/good +1 +0\nbad +2 +1\n\n- bad: it broke$/);
  });

  it.skipIf(process.platform !== "linux")(
    "attacks a real host with broken connections and fuzzed calls, and passes",
    () => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, "--part", "sockets", "--part", "calls", "--scale", "0.001"], {
        encoding: "utf8",
      });
      expect(stdout, stderr).toMatch(/sockets: half-open.* 1 +0\n/);
      expect(stdout, stderr).toMatch(/calls: fuzzed calls of the contract +20 +0\n/);
      expect(status, stdout + stderr).toBe(0);
    },
    180_000,
  );
});
