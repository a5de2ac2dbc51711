import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeFileAtomic } from "../../src-main/lib/files.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "files-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("writeFileAtomic", () => {
  it("writes bytes, lists and streams, creates folders and leaves no other files", async () => {
    const text = (value: string) => new TextEncoder().encode(value);
    const file = path.join(folder, "a", "b", "file");
    await writeFileAtomic(file, text("one"));
    expect(await readFile(file, "utf8")).toBe("one");
    await writeFileAtomic(file, [text("tw"), text(""), text("o")]);
    expect(await readFile(file, "utf8")).toBe("two");
    await writeFileAtomic(
      file,
      (async function* () {
        yield text("thr");
        yield text("ee");
      })(),
    );
    expect(await readFile(file, "utf8")).toBe("three");
    expect(await readdir(path.dirname(file))).toEqual(["file"]);
  });

  it("keeps the old content and removes the temporary file if the data throws", async () => {
    const file = path.join(folder, "file");
    await writeFile(file, "old");
    const data = async function* (): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(10_000);
      expect(await readFile(file, "utf8")).toBe("old");
      throw new Error("no more");
    };
    await expect(writeFileAtomic(file, data())).rejects.toThrow("no more");
    expect(await readFile(file, "utf8")).toBe("old");
    expect(await readdir(folder)).toEqual(["file"]);
  });

  it("reports a path that is not writable", async () => {
    await mkdir(path.join(folder, "taken"));
    await expect(writeFileAtomic(path.join(folder, "taken"), new Uint8Array(1))).rejects.toMatchObject({ name: "UserError", code: "not-writable" });
    await writeFile(path.join(folder, "plain"), "");
    await expect(writeFileAtomic(path.join(folder, "plain", "file"), new Uint8Array(1))).rejects.toMatchObject({ name: "UserError", code: "not-writable" });
    expect((await readdir(folder)).sort()).toEqual(["plain", "taken"]);
  });

  it.skipIf(process.getuid?.() === 0 || process.platform === "win32")("rejects a read-only folder", async () => {
    await chmod(folder, 0o500);
    await expect(writeFileAtomic(path.join(folder, "file"), new Uint8Array(1))).rejects.toMatchObject({ code: "not-writable" });
    await chmod(folder, 0o700);
  });
});
