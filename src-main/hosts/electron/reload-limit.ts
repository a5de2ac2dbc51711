/** How often a page is reloaded by itself after it crashed: one that always crashes would otherwise do so for ever. Pure. */
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
