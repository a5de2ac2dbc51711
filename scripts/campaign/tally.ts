/** What a part of the campaign tried, and what failed. */

/** Failures that are printed in full for each row. */
const SHOWN = 10;

export class Tally {
  readonly title: string;
  readonly failures: string[] = [];
  tried = 0;
  /** Why nothing was tried; null otherwise. */
  skipped: string | null = null;
  /** Figures for the table, such as the growth of memory. */
  readonly facts: string[] = [];

  constructor(title: string) {
    this.title = title;
  }

  /** Counts one trial. @param fault a sentence, or null if it passed */
  count(fault: string | null): void {
    this.tried++;
    if (fault === null) return;
    this.failures.push(fault);
    // The table comes after hours, if at all.
    process.stderr.write(`FAILED: ${this.title}: ${fault}\n`);
  }
}

/** The table, then the failures. */
export function report(tallies: readonly Tally[]): string {
  const width = Math.max(...tallies.map(({ title }) => title.length));
  const rows = tallies.map(({ title, tried, failures, skipped, facts }) => {
    const note = skipped === null ? facts.join("; ") : `SKIPPED: ${skipped}`;
    return `${title.padEnd(width)}  ${String(tried).padStart(7)}  ${String(failures.length).padStart(7)}  ${note}`.trimEnd();
  });
  const details = tallies.flatMap(({ title, failures }) => [
    ...failures.slice(0, SHOWN).map((failure) => `- ${title}: ${failure}`),
    ...(failures.length > SHOWN ? [`- ${title}: ${failures.length - SHOWN} more`] : []),
  ]);
  return [`${"".padEnd(width)}    tried   failed`, ...rows, ...(details.length === 0 ? [] : ["", ...details])].join("\n");
}
