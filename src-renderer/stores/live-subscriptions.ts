import { studio } from "../bridge/studio.ts";

const wanted = new Map<string, number>();

function tell(): void {
  studio().subscribe([...wanted.keys()]);
}

/** Subscribes to live events of a run; the returned function unsubscribes. Subscriptions are reference-counted. */
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

/** The host forgets subscriptions when the connection is lost. */
export function subscribeAgain(): void {
  if (wanted.size > 0) tell();
}
