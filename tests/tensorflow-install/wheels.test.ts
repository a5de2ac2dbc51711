import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { strToU8, zipSync } from "fflate";
import { describe, expect, it, onTestFinished } from "vitest";
import { cudaRequirements, fromWheel } from "../../src-main/tensorflow-install/entries/from-wheel.ts";
import { downloadWheel, findPip, readEntry, unpackWheel } from "../../src-main/tensorflow-install/entries/wheels.ts";
import { temporaryFolder } from "./support/folder.ts";
import { freshPackage } from "./support/real-entry.ts";

const METADATA = `Metadata-Version: 2.4
Name: tensorflow
Requires-Dist: numpy>=1.26.0
Requires-Dist: nvidia-cublas-cu12<13.0,>=12.5.3.2; extra == "and-cuda"
Requires-Dist: nvidia-cuda-nvcc-cu12<13.0,>=12.5.82; extra == "and-cuda"
Requires-Dist: nvidia-cudnn-cu12 (<10.0,>=9.3.0.75) ; extra == 'and-cuda'
Requires-Dist: nvidia-nccl-cu12; extra == "and-cuda"
Requires-Dist: nvidia-something; extra == "other"
`;

/** Writes a wheel that pip accepts. @returns its path */
function wheel(folder: string, files: Readonly<Record<string, string>>, name = "tensorflow_cpu-9.1.0-py3-none-any.whl"): string {
  const [project, version] = name.split("-");
  const info = `${project}-${version}.dist-info`;
  const all = {
    ...files,
    [`${info}/METADATA`]: `Metadata-Version: 2.1\nName: ${project}\nVersion: ${version}\n`,
    [`${info}/WHEEL`]: "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    [`${info}/RECORD`]: "",
  };
  const file = path.join(folder, name);
  writeFileSync(file, zipSync(Object.fromEntries(Object.entries(all).map(([entry, text]) => [entry, strToU8(text)]))));
  return file;
}

function setEnvironment(values: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(values)) {
    const before = process.env[name];
    process.env[name] = value;
    onTestFinished(() => {
      if (before === undefined) delete process.env[name];
      else process.env[name] = before;
    });
  }
}

it("reads the CUDA requirements of a wheel with their versions", () => {
  expect(cudaRequirements(METADATA)).toEqual(["nvidia-cublas-cu12<13.0,>=12.5.3.2", "nvidia-cudnn-cu12<10.0,>=9.3.0.75", "nvidia-nccl-cu12"]);
});

it("unpacks only the requested entries", async () => {
  const folder = temporaryFolder();
  const archive = wheel(folder, { "tensorflow/a.so": "library", "tensorflow/b.py": "python" });
  const target = path.join(folder, "out");
  expect(await unpackWheel(archive, target, (entry) => (entry.endsWith(".so") ? "lib/a.so" : null))).toBe(1);
  expect(readFileSync(path.join(target, "lib/a.so"), "utf8")).toBe("library");
  expect(readdirSync(target)).toEqual(["lib"]);
  expect(await readEntry(archive, (entry) => entry.endsWith("/WHEEL"))).toContain("Root-Is-Purelib");
  expect(await readEntry(archive, () => false)).toBe("");
});

it("rejects entries outside the folder", async () => {
  const folder = temporaryFolder();
  const archive = wheel(folder, { "../../outside": "x" });
  await expect(unpackWheel(archive, path.join(folder, "out"), (entry) => entry)).rejects.toThrow();
  const harmless = wheel(folder, { inside: "x" }, "other-1-py3-none-any.whl");
  await expect(unpackWheel(harmless, path.join(folder, "out"), () => "../outside")).rejects.toThrow("outside the target folder");
  expect(existsSync(path.join(folder, "outside"))).toBe(false);
});

it("rejects a truncated wheel", async () => {
  const folder = temporaryFolder();
  const archive = wheel(folder, { "tensorflow/a.so": "library".repeat(1000) });
  writeFileSync(archive, readFileSync(archive).subarray(0, -100));
  await expect(unpackWheel(archive, path.join(folder, "out"), (entry) => entry)).rejects.toThrow();
});

const pip = await findPip();

describe.skipIf(pip === null)("with this machine's pip", () => {
  it("downloads a wheel, and reports pip's message if there is none", async () => {
    if (pip === null) return;
    const [index, target] = [temporaryFolder(), temporaryFolder()];
    wheel(index, {});
    setEnvironment({ PIP_NO_INDEX: "1", PIP_FIND_LINKS: index });
    expect(path.basename(await downloadWheel(pip, "tensorflow-cpu==9.1.0", target))).toBe("tensorflow_cpu-9.1.0-py3-none-any.whl");
    await expect(downloadWheel(pip, "tensorflow-cpu==9.2.0", target)).rejects.toThrow(
      /pip could not download tensorflow-cpu==9\.2\.0: .*No matching distribution/,
    );
  });

  it.skipIf(process.platform !== "linux")("names the library that is missing from a wheel", async () => {
    const [index, work] = [temporaryFolder(), temporaryFolder()];
    wheel(
      index,
      { "tensorflow/libtensorflow_framework.so.2": "x" },
      process.arch === "arm64" ? "tensorflow-9.1.0-py3-none-any.whl" : "tensorflow_cpu-9.1.0-py3-none-any.whl",
    );
    setEnvironment({ PIP_NO_INDEX: "1", PIP_FIND_LINKS: index });
    const said: string[] = [];
    const request = {
      packageFolder: freshPackage(work),
      wanted: { binding: "4.22.0", flavour: "cpu", version: undefined },
      say: (text: string) => void said.push(text),
    } as const;
    await expect(fromWheel(work, request)).rejects.toThrow("does not contain libtensorflow_cc.so.2");
    expect(said).toContain("Unpacking TensorFlow 9.1.0.");
  });
});
