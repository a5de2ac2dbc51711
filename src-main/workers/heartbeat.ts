import type { FromWorker } from "../../src-shared/worker-protocol.ts";

const INTERVAL_MS = 2000;

/**
 * Reports every two seconds that the process is alive, with its load. A long step delays the heartbeat, but the
 * supervisor waits much longer before it terminates an unresponsive child.
 * @returns a function that stops the heartbeat
 */
export function startHeartbeat(post: (message: FromWorker) => void): () => void {
  let lastCpu = process.cpuUsage();
  let lastTime = performance.now();
  const beat = (): void => {
    const cpu = process.cpuUsage();
    const now = performance.now();
    const used = (cpu.user - lastCpu.user + cpu.system - lastCpu.system) / 1000;
    const cpuPercent = now > lastTime ? (100 * used) / (now - lastTime) : 0;
    lastCpu = cpu;
    lastTime = now;
    post({ type: "heartbeat", cpuPercent, memoryBytes: process.memoryUsage().rss, gpuPercent: null, gpuMemoryBytes: null });
  };
  const timer = setInterval(beat, INTERVAL_MS);
  beat();
  return () => clearInterval(timer);
}
