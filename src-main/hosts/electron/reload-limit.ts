/** How often a page that crashed is reloaded automatically. Without a limit, one that always crashes would be reloaded forever. Pure. */
const MAX_RELOADS = 3;
const WITHIN_MS = 60_000;

export class ReloadLimit {
  private times: number[] = [];

  /**
   * Counts a crash.
   * @param now in ms
   * @returns whether to reload the page
   */
  allows(now: number): boolean {
    this.times = [...this.times.filter((time) => now - time < WITHIN_MS), now];
    return this.times.length <= MAX_RELOADS;
  }

  /** Forgets all crashes, because the user asked for another try. */
  reset(): void {
    this.times = [];
  }
}
