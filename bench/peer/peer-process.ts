/** PyTorch for comparison: a child process that runs the same steps on request. It is installed into a separate virtual environment at the first use. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { runCommand } from "../../src-main/lib/commands.ts";
import { cacheFolder, installation } from "../../src-main/lib/places.ts";

export interface Peer {
  call(name: string, parameters: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, number>>>;
  close(): void;
}

/** Installs PyTorch if it is missing and starts the peer. @throws Error with the last line of pip's output */
export async function startPeer(): Promise<Peer> {
  const folder = path.join(cacheFolder(), "peer");
  const python = path.join(folder, "bin", "python");
  if (!existsSync(python)) {
    const { code, output } = await runCommand("python3", ["-m", "venv", folder]);
    if (code !== 0) throw new Error(`The virtual environment for PyTorch cannot be created: ${output.trim()}`);
  }
  if ((await runCommand(python, ["-c", "import torch, numpy"])).code !== 0) {
    process.stderr.write("Installing PyTorch for the comparison.\n");
    const cpu = ["-m", "pip", "install", "--quiet", "--extra-index-url", "https://download.pytorch.org/whl/cpu", "torch", "numpy"];
    const { code, output } = await runCommand(python, cpu);
    if (code !== 0) throw new Error(`PyTorch cannot be installed: ${output.trim().split("\n").at(-1) ?? ""}`);
  }
  const child: ChildProcess = spawn(python, [path.join(installation, "bench", "peer", "peer.py")], {
    stdio: ["pipe", "pipe", "inherit"],
    // Waiting threads must not spin: on a busy machine, they would take the processor from the thread that they wait for.
    env: { ...process.env, OMP_WAIT_POLICY: "PASSIVE" },
  });
  const waiting: { resolve: (answer: Record<string, number>) => void; reject: (error: Error) => void }[] = [];
  if (child.stdout === null) throw new Error("The peer has no output.");
  createInterface({ input: child.stdout }).on("line", (line) => {
    const next = waiting.shift();
    const answer = JSON.parse(line) as Record<string, number> & { error?: string };
    if (answer.error !== undefined) next?.reject(new Error(`PyTorch: ${answer.error}`));
    else next?.resolve(answer);
  });
  child.on("exit", () => {
    for (const { reject } of waiting.splice(0)) reject(new Error("The PyTorch process exited."));
  });
  return {
    call: (name, parameters) =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        child.stdin?.write(`${JSON.stringify({ call: name, ...parameters })}\n`);
      }),
    close: () => child.stdin?.end(),
  };
}
