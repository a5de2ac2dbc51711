import ELK, { type ElkNode } from "elkjs/lib/elk-api.js";
import ElkWorker from "elkjs/lib/elk-worker.min.js?worker";
import type { Engine } from "../../../src-shared/drawing/layout.ts";

const PATIENCE = 6_000;
let elk: InstanceType<typeof ELK> | null = null;

function start(): InstanceType<typeof ELK> {
  return new ELK({ workerFactory: () => new ElkWorker() });
}

/** ELK in a web worker. A worker that does not respond in time is terminated, and the caller falls back to the simple layout. */
export const layoutEngine: Engine = async (graph) => {
  elk ??= start();
  const engine = elk;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<ElkNode>((_, reject) => {
    timer = setTimeout(() => {
      engine.terminateWorker();
      if (elk === engine) elk = null;
      reject(new Error("The layout timed out."));
    }, PATIENCE);
  });
  try {
    return await Promise.race([engine.layout(graph), late]);
  } finally {
    clearTimeout(timer);
  }
};
