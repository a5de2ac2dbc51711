import { expect, it } from "vitest";
import { oneAtATime } from "../../../src-renderer/lib/one-at-a-time.ts";

function gate(): { readonly open: () => void; readonly passed: Promise<void> } {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open: () => open(), passed };
}

it("merges requests made during a run into one more run", async () => {
  const gates = [gate(), gate(), gate()];
  let begun = 0;
  let most = 0;
  let running = 0;
  const ask = oneAtATime(async () => {
    running++;
    most = Math.max(most, running);
    await gates[begun++]?.passed;
    running--;
  });
  const first = ask();
  void ask();
  void ask();
  expect(begun).toBe(1);
  for (const { open } of gates) open();
  await first;
  expect(begun).toBe(2);
  expect(most).toBe(1);
});

it("continues after a failure", async () => {
  let calls = 0;
  const ask = oneAtATime(async () => {
    calls++;
    if (calls === 1) throw new Error("no");
  });
  await expect(ask()).rejects.toThrow("no");
  await ask();
  expect(calls).toBe(2);
});

it("loses no request that is made just as the work ends", async () => {
  for (let steps = 0; steps < 10; steps++) {
    let done = 0;
    const ask = oneAtATime(async () => {
      done++;
    });
    void ask();
    for (let i = 0; i < steps; i++) await Promise.resolve();
    await ask();
    expect(done, `${steps} steps later`).toBe(2);
  }
});
