import { studio } from "../bridge/studio.ts";

const wanted = new Map<string, number>();

function tell(): void {
  studio().subscribe([...wanted.keys()]);
}

/** Asks for live events of a run until the returned function is called. Several parts of a page may ask for one run. */
export function subscribeRun(runId: string): () => void {
  wanted.set(runId, (wanted.get(runId) ?? 0) + 1);
  tell();
  let done = false;
  return () => {
    if (done) return;
    done = true;
    const left = (wanted.get(runId) ?? 1) - 1;
    if (left > 0) wanted.set(runId, left);
    else wanted.delete(runId);
    tell();
  };
}

/** After a reconnection the host knows nothing of this window any more. */
export function subscribeAgain(): void {
  if (wanted.size > 0) tell();
}
