import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { findChromium } from "../../src-main/doctor/chromium.ts";
import { collectDoctorFindings } from "../../src-main/doctor/doctor.ts";
import { electronBinary } from "../../src-main/doctor/doctor-machine.ts";
import { cacheFolder } from "../../src-main/lib/places.ts";
import { installedTensorFlow } from "../../src-main/tensorflow-install/tensorflow.ts";
import { temporaryFolder } from "../tensorflow-install/support/folder.ts";

it("describes this machine, with a reason and a remedy for every problem", async () => {
  const { items, backend, device } = await collectDoctorFindings();
  const item = (name: string) => items.find((one) => one.name === name);
  for (const name of [
    "Node",
    "Electron",
    "SQLite",
    "TensorFlow",
    "Backend",
    "Device",
    "Threads",
    "tfjs",
    "wasm",
    "Memory",
    "Data",
    "Datasets",
    "Settings",
    "Cache",
    "pip",
    "C++ compiler",
    "Chromium",
  ])
    expect(item(name), name).toBeDefined();
  expect(item("Node")).toMatchObject({ state: "ok", value: expect.stringContaining(process.versions.node) });
  expect(item("SQLite")).toMatchObject({ state: "ok", value: expect.stringMatching(/^3\.\d+/) });
  expect(item("Memory")?.value).toMatch(/^\d+\.\d GiB, \d+\.\d GiB free$/);
  for (const one of items) {
    expect(one.value).not.toMatch(/undefined|NaN|\n/);
    if (one.state !== "ok") expect([one.name, one.reason !== undefined && one.remedy !== undefined]).toEqual([one.name, true]);
  }
  // Areas stay together, so that they can be shown as groups.
  const areas = items.map((one) => one.area);
  expect(areas.filter((area, i) => area !== areas[i - 1])).toEqual([...new Set(areas)]);
  const installed = installedTensorFlow();
  expect(backend).toBe(installed === null ? "wasm" : `TensorFlow ${installed.manifest.version}`);
  expect(device).not.toBe("");
});

it("reports why TensorFlow does not start and runs compute with wasm", async () => {
  if (installedTensorFlow() === null) return;
  // The error users see if a system library is missing.
  process.env["NODE_OPTIONS"] = "--import=data:text/javascript,process.dlopen=()=>{throw(new(Error)('libcudart.so.12:_not_found'))}";
  try {
    const { items } = await collectDoctorFindings();
    expect(items.find((one) => one.name === "TensorFlow")).toMatchObject({
      state: "missing",
      reason: expect.stringContaining("libcudart.so.12"),
      remedy: expect.stringContaining("npm run setup"),
    });
    expect(items.find((one) => one.name === "Backend")).toMatchObject({ value: "wasm" });
  } finally {
    delete process.env["NODE_OPTIONS"];
  }
});

it.skipIf(process.platform === "win32")("finds Chromium through the environment variable, then on the path", () => {
  const folder = temporaryFolder();
  const program = path.join(folder, "chromium");
  expect(findChromium({ GHN_STUDIO_CHROMIUM: program, PATH: "" })).toBeNull();
  writeFileSync(program, "#!/bin/sh\n");
  expect(findChromium({ GHN_STUDIO_CHROMIUM: program })).toBeNull();
  chmodSync(program, 0o755);
  expect(findChromium({ GHN_STUDIO_CHROMIUM: program })).toBe(program);
  expect(findChromium({ PATH: `relative:${folder}` }, "linux")).toBe(program);
});

it("finds Electron's program only if it is downloaded", () => {
  const folder = temporaryFolder();
  expect(electronBinary(folder)).toBeNull();
  mkdirSync(path.join(folder, "dist"));
  writeFileSync(path.join(folder, "path.txt"), "app");
  expect(electronBinary(folder)).toBeNull();
  writeFileSync(path.join(folder, "dist", "app"), "");
  expect(electronBinary(folder)).toBe(path.join(folder, "dist", "app"));
});

it("uses the platform's cache folder unless GHN_STUDIO_CACHE is set", () => {
  const chosen = path.resolve("/chosen");
  expect(cacheFolder({ GHN_STUDIO_CACHE: chosen })).toBe(chosen);
  expect(cacheFolder({ XDG_CACHE_HOME: "/xdg" }, "linux")).toBe(path.join("/xdg", "ghn-studio"));
  expect(cacheFolder({ XDG_CACHE_HOME: "relative" }, "linux")).toMatch(/\.cache.ghn-studio$/);
  expect(cacheFolder({ GHN_STUDIO_CACHE: "" }, "linux")).toMatch(/\.cache.ghn-studio$/);
});
