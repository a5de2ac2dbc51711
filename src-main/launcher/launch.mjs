#!/usr/bin/env node
/**
 * Starts a program of the studio on a Node that can run it. The studio needs Node 24 (it runs TypeScript directly, and better-sqlite3 needs 22.14), but the
 * machine's own may be older: npm brings one as an optional package. This file runs on any Node from 18 on.
 *
 *   node src-main/launcher/launch.mjs <file> [arguments]
 */
import { spawn } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { constants } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const OLDEST = 24;

/** Folder of the studio. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");

/** Path of a Node that is new enough: this one, or the one that npm brought. Undefined when there is none. */
export function findNode(own = process.versions.node, folder = root) {
  if (Number(own.split(".")[0]) >= OLDEST) return process.execPath;
  const platform = process.platform === "win32" ? "win" : process.platform;
  const file = process.platform === "win32" ? "node.exe" : "node";
  const brought = path.join(folder, "node_modules", `node-${platform}-${process.arch}`, "bin", file);
  return existsSync(brought) ? brought : undefined;
}

/**
 * Runs `file` with `args` and takes over its exit code; signals are passed on.
 * @param {string} file
 * @param {readonly string[]} args
 */
export function launch(file, args) {
  const node = findNode();
  if (node === undefined) {
    process.stderr.write(
      `GHN Studio needs Node ${OLDEST} or newer; this is ${process.versions.node}, and npm has brought none for ${process.platform}-${process.arch}.\n` +
        `Run "npm ci" in ${root} without --omit=optional, or install Node ${OLDEST}.\n`,
    );
    process.exitCode = 1;
    return;
  }
  const child = spawn(node, [file, ...args], { stdio: "inherit", env: { ...process.env, NODE_NO_WARNINGS: process.env.NODE_NO_WARNINGS ?? "1" } });
  // The terminal sends Ctrl-C to the child as well; this process only has to outlive it.
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
    process.on(signal, () => {
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on("error", (error) => {
    process.stderr.write(`${node} cannot be started: ${error.message}\n`);
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
