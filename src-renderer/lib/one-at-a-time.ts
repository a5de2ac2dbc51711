/**
 * Runs `work` one at a time; requests during a run are merged into one more run afterwards. A browser keeps six connections per
 * host, which slow and outdated requests must not use up.
 */
export function oneAtATime(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  let again = false;

  async function loop(): Promise<void> {
    try {
      do {
        again = false;
        await work();
      } while (again);
    } finally {
      // In the same step as the last look at `again`, so that no request falls between the two.
      running = null;
    }
  }

  return () => {
    again = true;
    running ??= loop();
    return running;
  };
}
