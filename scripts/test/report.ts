/** The part of Vitest's JSON report used here. */
interface VitestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

export interface TestCount {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/**
 * Counts the tests in Vitest's JSON report. A file that fails without a failed test (it does not load, or a hook throws) counts as one failure, as does an
 * error outside of all tests, which only the exit code reveals.
 */
export function countTests(json: string, exitCode: number): TestCount {
  const report = JSON.parse(json) as VitestReport;
  let passed = 0;
  let failed = 0;
  let skipped = 0;
  for (const file of report.testResults) {
    const own = file.assertionResults.filter(({ status }) => status === "failed").length;
    passed += file.assertionResults.filter(({ status }) => status === "passed").length;
    skipped += file.assertionResults.filter(({ status }) => status !== "passed" && status !== "failed").length;
    failed += own === 0 && file.status === "failed" ? 1 : own;
  }
  if (failed === 0 && exitCode !== 0) failed = 1;
  return { passed, failed, skipped };
}

/** The last line of a test run. */
export function countLine({ passed, failed, skipped }: TestCount): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
