import ELK, { type ElkNode } from "elkjs/lib/elk-api.js";
import ElkWorker from "elkjs/lib/elk-worker.min.js?worker";
import type { Engine } from "../../../src-shared/drawing/layout.ts";

const PATIENCE = 6_000;
let elk: InstanceType<typeof ELK> | null = null;

function start(): InstanceType<typeof ELK> {
  return new ELK({ workerFactory: () => new ElkWorker() });
}

/** ELK in a web worker. One that does not answer in time is ended, and the caller draws the simple way. */
export const layoutEngine: Engine = async (graph) => {
  elk ??= start();
  const engine = elk;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<ElkNode>((_, reject) => {
    timer = setTimeout(() => {
      engine.terminateWorker();
      if (elk === engine) elk = null;
      reject(new Error("The layout took too long."));
    }, PATIENCE);
  });
  try {
    return await Promise.race([engine.layout(graph), late]);
  } finally {
    clearTimeout(timer);
  }
};
