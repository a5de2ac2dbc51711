/** Smoothed estimate of images per second and of the time left: an exponential moving average over recent steps. */
export class Throughput {
  private rate: number | null = null;
  private last: number;
  private readonly halfLife: number;

  /** @param halfLifeSeconds weight of a measurement halves after this many seconds */
  constructor(now: number, halfLifeSeconds = 5) {
    this.last = now;
    this.halfLife = halfLifeSeconds;
  }

  /** Adds `units` completed since the last call; `now` is in seconds. */
  add(units: number, now: number): void {
    const seconds = now - this.last;
    this.last = now;
    if (seconds <= 0) return;
    const current = units / seconds;
    const keep = this.rate === null ? 0 : 0.5 ** (seconds / this.halfLife);
    this.rate = keep * (this.rate ?? 0) + (1 - keep) * current;
  }

  /** Excludes time spent on something else, such as a validation or a checkpoint. */
  skipTo(now: number): void {
    this.last = now;
  }

  get perSecond(): number | undefined {
    return this.rate ?? undefined;
  }

  secondsFor(units: number): number | undefined {
    return this.rate !== null && this.rate > 0 ? units / this.rate : undefined;
  }
}
