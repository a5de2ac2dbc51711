/**
 * `npm run build:simd`: compiles the kernels of the wasm backend after a change of simd-kernels.cc. Requires clang++ and lld with the wasm32 target (Debian:
 * clang, lld). The result is checked in, so nobody else needs a compiler.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { deflateRawSync } from "node:zlib";
import { installation } from "../src-main/lib/places.ts";

const folder = path.join(installation, "src-main", "engine", "backend", "wasm");
const source = path.join(folder, "simd-kernels.cc");
const scratch = mkdtempSync(path.join(tmpdir(), "ghn-simd-"));
const wasm = path.join(scratch, "kernels.wasm");
const link = ["--no-entry", "--export=__heap_base", "--export-dynamic", "--strip-all"].map((option) => `-Wl,${option}`);
const flags = ["--target=wasm32", "-msimd128", "-mbulk-memory", "-O2", "-std=c++20", "-nostdlib", "-fno-exceptions", "-fvisibility=hidden", "-Wall", "-Werror"];
try {
  const { status, error } = spawnSync("clang++", [...flags, ...link, "-o", wasm, source], { stdio: "inherit" });
  if (error !== undefined) console.error(`clang++ cannot be started (${error.message}). Install clang and lld with the wasm32 target.`);
  if (status !== 0) process.exit(1);
  const text = deflateRawSync(readFileSync(wasm), { level: 9 }).toString("base64");
  writeFileSync(
    path.join(folder, "simd-module.ts"),
    `/** Generated from simd-kernels.cc by \`npm run build:simd\`; do not edit. */

/** SHA-256 of the source, checked by a test. */
export const SIMD_SOURCE = "${createHash("sha256").update(readFileSync(source)).digest("hex")}";

/** The compiled module: deflated, in base64. */
export const SIMD_MODULE =
  "${text}";
`,
  );
  console.log(`${readFileSync(wasm).length} bytes, ${text.length} characters in ${path.relative(installation, path.join(folder, "simd-module.ts"))}.`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
