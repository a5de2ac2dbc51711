/** A Python with the packages that judge exports: a virtual environment in the user's cache, made once. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { cacheFolder } from "../../../../src-main/lib/places.ts";

const run = promisify(execFile);
const PACKAGES = ["torch", "safetensors", "onnx", "onnxruntime", "numpy"];
/** After this time, whoever was making the environment has given up. */
const ABANDONED_MS = 15 * 60_000;

/** Path of a Python with PyTorch, safetensors, ONNX and ONNX Runtime, or why there is none. */
export async function judgingPython(): Promise<{ readonly python: string } | { readonly missing: string }> {
  const folder = join(cacheFolder(), `test-python-${createHash("sha256").update(PACKAGES.join()).digest("hex").slice(0, 12)}`);
  const python = join(folder, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
  const lock = `${folder}.lock`;
  for (;;) {
    if (existsSync(python)) return { python };
    try {
      await mkdir(cacheFolder(), { recursive: true });
      await mkdir(lock);
      break;
    } catch (error) {
      // Only a lock that exists is waited for; a cache that cannot be written skips the tests.
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") return { missing: `the cache cannot be written: ${String(error)}` };
      const age = await stat(lock).then(
        ({ mtimeMs }) => Date.now() - mtimeMs,
        () => 0,
      );
      if (age > ABANDONED_MS) await rm(lock, { recursive: true, force: true });
      await wait(500);
    }
  }
  const draft = `${folder}.draft`;
  try {
    await rm(draft, { recursive: true, force: true });
    await run(process.platform === "win32" ? "python" : "python3", ["-m", "venv", draft]);
    const own = join(draft, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
    await run(own, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "0", ...PACKAGES], { timeout: ABANDONED_MS });
    await rename(draft, folder);
    return { python };
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    const why = error instanceof Error ? error.message.split("\n").slice(0, 2).join(" ") : String(error);
    return { missing: `no Python with ${PACKAGES.join(", ")}: ${why}` };
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}

/** Runs a Python program; its standard output. @throws Error with what it printed if it fails */
export async function runPython(python: string, program: string, folder: string, args: readonly string[] = []): Promise<string> {
  try {
    const { stdout } = await run(python, ["-c", program, ...args], { cwd: folder, maxBuffer: 2 ** 26, env: { ...process.env, OMP_NUM_THREADS: "2" } });
    return stdout;
  } catch (error) {
    throw new Error(`Python failed: ${(error as { stderr?: string }).stderr ?? String(error)}`);
  }
}
