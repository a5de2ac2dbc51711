import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { withLock } from "../../src-main/tensorflow-install/lock.ts";
import { temporaryFolder } from "./support/folder.ts";

const MODULE = fileURLToPath(new URL("../../src-main/tensorflow-install/lock.ts", import.meta.url));

/** A process that takes the lock, prints a line and holds the lock until its stdin ends. */
async function holder(file: string) {
  const source = `import { withLock } from ${JSON.stringify(MODULE)};
    await withLock(${JSON.stringify(file)}, async () => { console.log("held"); await new Promise((resolve) => process.stdin.on("end", resolve).resume()); });`;
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", source], { stdio: ["pipe", "pipe", "inherit"] });
  await once(child.stdout, "data");
  return child;
}

it("admits one process at a time, and calls back once while waiting", async () => {
  const file = path.join(temporaryFolder(), "sub", "lock.sqlite");
  const child = await holder(file);
  let waits = 0;
  const waiting = Promise.withResolvers<void>();
  const mine = withLock(
    file,
    async () => child.exitCode,
    () => {
      waits += 1;
      waiting.resolve();
    },
  );
  await waiting.promise;
  const gone = once(child, "exit");
  child.stdin.end();
  await gone;
  expect(await mine).toBe(0);
  expect(waits).toBe(1);
});

it("is free as soon as its holder is killed", async () => {
  const file = path.join(temporaryFolder(), "lock.sqlite");
  const child = await holder(file);
  child.kill("SIGKILL");
  await once(child, "exit");
  let waited = false;
  expect(
    await withLock(
      file,
      async () => "mine",
      () => {
        waited = true;
      },
    ),
  ).toBe("mine");
  expect(waited).toBe(false);
});

it("is released if the work fails", async () => {
  const file = path.join(temporaryFolder(), "lock.sqlite");
  await expect(withLock(file, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await withLock(file, async () => 1)).toBe(1);
});
