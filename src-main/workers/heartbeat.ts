import type { FromWorker } from "../../src-shared/worker-protocol.ts";

const INTERVAL_MS = 2000;

/**
 * Tells every two seconds that the process lives, with its load. A step that takes longer than that delays the timer
 * but not the proof of life: the supervisor waits much longer before it gives a child up. Answers how to stop it.
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
