import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { cli } from "./support/cli.ts";

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "ghn-doctor-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

it("doctor shows backend and device, and suggests a fix for everything that is missing", async () => {
  const { code, stdout, stderr } = await cli(["doctor", "--json"], { cwd: root });
  expect(code, stderr).toBe(0);
  const findings = JSON.parse(stdout) as {
    version: string;
    backend: string;
    device: string;
    items: { area: string; name: string; value: string; state: string; reason?: string; remedy?: string }[];
  };
  expect(findings.backend).not.toBe("");
  expect(findings.device).not.toBe("");
  for (const name of ["Node", "Backend", "Threads", "Memory", "Datasets"]) expect(findings.items.map((item) => item.name)).toContain(name);
  expect(findings.items.find((item) => item.name === "Datasets")?.value).toContain(join(root, "user-data"));
  for (const item of findings.items) if (item.state === "missing") expect(item.remedy, item.name).toBeTruthy();
}, 120_000);
