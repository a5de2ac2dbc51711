/**
 * `npm run notices`: writes THIRD_PARTY_NOTICES.txt, the licences of everything that the packaged application contains; part of `npm run check` with `--check`.
 * These are the production dependencies and the packages bundled by the renderer, with all their dependencies according to package-lock.json.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { installation } from "../src-main/lib/places.ts";
import { type Lockfile, packagesUnder } from "./notices/lockfile-tree.ts";

const FILE = path.join(installation, "THIRD_PARTY_NOTICES.txt");
const LICENCE_FILE = /^(licen[cs]e|copying|notice|ofl)([-.].*)?$/i;

const INTRODUCTION = `GHN Studio contains the software listed below, under the licences given. The packaged application also contains:

- Electron, Chromium and Node.js: LICENSE.electron.txt and LICENSES.chromium.html beside the program.
- TensorFlow's C library, where the package was made with it: Apache-2.0, https://github.com/tensorflow/tensorflow
- The schema of ONNX files (resources/onnx/onnx.proto): Apache-2.0, copyright ONNX Project Contributors, https://github.com/onnx/onnx
- The Optical Recognition of Handwritten Digits dataset: CC BY 4.0, see resources/data/digits.LICENCE.txt.

Packages without a text of their own, and those for one platform only, are listed together under the name of their licence.
Written by "npm run notices"; do not edit.
`;

/** Packages that the renderer imports and bundles. */
function bundledPackages(folder = path.join(installation, "src-renderer")): readonly string[] {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(ts|vue|css)$/.test(name))
    .flatMap((name) => [...readFileSync(path.join(folder, name), "utf8").matchAll(/(?:from|import) "((?:@[\w.-]+\/)?[\w-][\w.-]*)[^"]*"/g)])
    .map((match) => match[1] ?? "");
  return [...new Set(names)];
}

/** Licence and notice files of an installed package. */
function licenceTexts(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && LICENCE_FILE.test(entry.name))
    .map(({ name }) => name)
    .sort()
    .map((name) => readFileSync(path.join(folder, name), "utf8").replaceAll("\r\n", "\n").trim());
}

/** Packages with the same text share a block. */
function notices(): string {
  const lockfile = JSON.parse(readFileSync(path.join(installation, "package-lock.json"), "utf8")) as Lockfile;
  const roots = [...Object.keys(lockfile.packages[""]?.dependencies ?? {}), ...bundledPackages()];
  const blocks = new Map<string, string[]>();
  for (const { name, folder, version, license, optional } of packagesUnder(lockfile, roots)) {
    const text = optional ? "" : licenceTexts(path.join(installation, folder)).join("\n\n");
    blocks.set(text, [...(blocks.get(text) ?? []), `${name} ${version} (${license ?? "licence in the package"})`]);
  }
  return [INTRODUCTION, ...[...blocks].map(([text, packages]) => `${packages.join("\n")}\n\n${text}`)]
    .join(`\n${"-".repeat(80)}\n`)
    .trimEnd()
    .concat("\n");
}

const text = notices();
if (!process.argv.includes("--check")) writeFileSync(FILE, text);
else if (!existsSync(FILE) || readFileSync(FILE, "utf8").replaceAll("\r\n", "\n") !== text) {
  process.stdout.write('THIRD_PARTY_NOTICES.txt does not match the dependencies. Run "npm run notices".\n');
  process.exitCode = 1;
}
