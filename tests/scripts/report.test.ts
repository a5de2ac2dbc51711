import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { countLine, countTests } from "../../scripts/test/report.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Runs Vitest on the given test files and counts the results. The files are inside this installation, where Vitest is found. */
async function count(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = mkdtempSync(path.join(ROOT, "node_modules", ".ghn-report-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, source] of Object.entries(files)) writeFileSync(path.join(folder, name), `import { expect, it, describe } from "vitest";\n${source}\n`);
  writeFileSync(path.join(folder, "vitest.config.ts"), `export default { test: { include: ["*.check.ts"], exclude: [], pool: "forks", maxWorkers: 1 } };`);
  const report = path.join(folder, "report.json");
  const vitest = path.join(ROOT, "node_modules", "vitest", "vitest.mjs");
  const child = spawn(
    process.execPath,
    [vitest, "run", "--root", folder, "--config", path.join(folder, "vitest.config.ts"), "--reporter=json", `--outputFile.json=${report}`],
    { stdio: "ignore" },
  );
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return countLine(countTests(readFileSync(report, "utf8"), code ?? 1));
}

it("counts passed, failed and skipped tests", { timeout: 120_000 }, async () => {
  const line = await count({
    "a.check.ts": `it("1", () => {}); it("2", () => { expect(1).toBe(2); }); it.skip("3", () => {}); it.todo("4"); describe.skip("group", () => { it("5", () => {}); });`,
    "b.check.ts": `it("6", () => {}); it("7", ({ skip }) => skip());`,
  });
  expect(line).toBe("2 passed, 1 failed, 4 skipped");
});

it("counts a file that does not load and a hook that throws as failed", { timeout: 120_000 }, async () => {
  const line = await count({
    "a.check.ts": `it("1", () => {});`,
    "b.check.ts": `import "./not-there.ts"; it("2", () => {});`,
    "c.check.ts": `import { beforeAll } from "vitest"; beforeAll(() => { throw new Error("no"); }); it("3", () => {});`,
    "d.check.ts": "throw new Error('at once');",
  });
  expect(line).toMatch(/^1 passed, 3 failed, [01] skipped$/);
});

it("counts an error outside all tests as failed", { timeout: 120_000 }, async () => {
  expect(
    await count({
      "a.check.ts": `it("1", async () => { setTimeout(() => { throw new Error("later"); }, 0); await new Promise((resolve) => setTimeout(resolve, 50)); });`,
    }),
  ).toBe("1 passed, 1 failed, 0 skipped");
});
