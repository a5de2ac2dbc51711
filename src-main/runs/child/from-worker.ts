import { type FromWorker, fromWorkerSchema } from "../../../src-shared/worker-protocol.ts";

/** The message if it follows the protocol, otherwise null. */
export function parseFromWorker(data: unknown): FromWorker | null {
  return fromWorkerSchema.safeParse(data).data ?? null;
}
