#!/usr/bin/env node
/**
 * Starts a program of the studio with a Node version that can run it. The studio needs Node 24 because it runs TypeScript directly. Where the system's Node is
 * older, the one installed through npm as an optional package is used. This file itself runs on Node 18 and later.
 *
 *   node src-main/launcher/launch.mjs <file> [arguments]
 */
import { spawn } from "node:child_process";
import { closeSync, existsSync, realpathSync } from "node:fs";
import { constants } from "node:os";
import path from "node:path";
import { isatty } from "node:tty";
import { fileURLToPath } from "node:url";

const OLDEST = 24;

/** Folder of this installation. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");

/**
 * Path of a Node that is new enough: this one, or the one installed through npm. Undefined when there is none.
 * @param {string} own version of this Node
 * @param {string} folder of the installation
 * @param {NodeJS.Platform} system
 * @param {string} architecture
 */
export function findNode(own = process.versions.node, folder = root, system = process.platform, architecture = process.arch) {
  if (Number(own.split(".")[0]) >= OLDEST) return process.execPath;
  const platform = `${system === "win32" ? "win" : system}-${architecture}`;
  // Most packages are called node-<platform>; the one for Apple silicon is an exception.
  const name = platform === "darwin-arm64" ? `node-bin-${platform}` : `node-${platform}`;
  const installed = path.join(folder, "node_modules", name, "bin", system === "win32" ? "node.exe" : "node");
  return existsSync(installed) ? installed : undefined;
}

/** As in src-main/lib/stop-signals.ts: Node aborts at exit if it cannot restore a terminal that was closed, but skips closed file descriptors. */
function surviveClosedTerminal() {
  const terminals = [0, 1, 2].filter((descriptor) => isatty(descriptor));
  process.on("exit", () => {
    for (const descriptor of terminals) {
      try {
        if (!isatty(descriptor)) closeSync(descriptor);
      } catch {
        // It is closed already.
      }
    }
  });
}

/**
 * Runs `file` with `args`, passes signals on, and exits with its exit code.
 * @param {string} file
 * @param {readonly string[]} args
 */
export function launch(file, args) {
  const node = findNode();
  if (node === undefined) {
    process.stderr.write(
      `GHN Studio requires Node ${OLDEST} or newer. This is Node ${process.versions.node}, and no newer one is installed in node_modules.\n` +
        `Run "npm ci" in ${root} without --omit=optional, or install Node ${OLDEST}.\n`,
    );
    process.exitCode = 1;
    return;
  }
  const child = spawn(node, [file, ...args], { stdio: "inherit", env: { ...process.env, NODE_NO_WARNINGS: process.env.NODE_NO_WARNINGS ?? "1" } });
  // This process only has to outlive the child. A signal to the process group reaches the child twice, which the command line counts as one request;
  // other programs get Ctrl-C from the terminal only.
  const countsOnce = path.basename(file) === "cli.ts";
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
    process.on(signal, () => {
      if (countsOnce || signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    });
  }
  if (process.platform !== "win32") process.on("SIGUSR1", () => undefined);
  surviveClosedTerminal();
  child.on("error", (error) => {
    process.stderr.write(`Cannot start ${node}: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on("exit", (code, signal) => {
    process.exit(code ?? 128 + (signal === null ? 1 : constants.signals[signal]));
  });
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [file, ...args] = process.argv.slice(2);
  if (file === undefined) {
    process.stderr.write("Usage: launch.mjs <file> [arguments]\n");
    process.exitCode = 2;
  } else launch(path.resolve(root, file), args);
}
