/**
 * Runs `work` one at a time: what is asked for meanwhile is done once, after it. A browser keeps six connections to
 * a host; slow answers that nobody waits for any more must not take them all.
 */
export function oneAtATime(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  let again = false;

  async function loop(): Promise<void> {
    do {
      again = false;
      await work();
    } while (again);
  }

  return () => {
    again = true;
    running ??= loop().finally(() => {
      running = null;
    });
    return running;
  };
}
