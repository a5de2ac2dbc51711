import { fileURLToPath } from "node:url";
import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [vue()],
  root: fileURLToPath(new URL(".", import.meta.url)),
  test: {
    // Browser tests run last and one at a time, because a page, its host and a run share the cores and some of these tests measure time. All others run two files at a time.
    projects: [
      { extends: true, test: { name: "units", include: ["tests/**/*.test.ts"], exclude: ["tests/e2e/**"], sequence: { groupOrder: 0 } } },
      { extends: true, test: { name: "browser", include: ["tests/e2e/**/*.test.ts"], fileParallelism: false, maxWorkers: 1, sequence: { groupOrder: 1 } } },
    ],
    // Processes instead of threads: TensorFlow and SQLite are native, and a process has a single backend.
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 20_000,
    env: { TF_CPP_MIN_LOG_LEVEL: "2", TF_NUM_INTRAOP_THREADS: "1", NODE_NO_WARNINGS: "1" },
  },
});
