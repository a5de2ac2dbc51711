import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { fileNameProblem, toFileName, truncateBytes } from "../../src-main/lib/file-names.ts";
import { userPath } from "../../src-main/lib/user-path.ts";

describe("file names", () => {
  it.each(["con", "CON", "nul.txt", "Com1", "lpt9.tar.gz", "a.", "a ", "", " ", ".", "..", "a/b", "a:b", "a\nb", "a\u001b[31m", "神".repeat(86)])(
    "%j cannot be used on every platform",
    (name) => expect(fileNameProblem(name)).not.toBeNull(),
  );

  it.each(["cone", "com", "com10", "a.b", "神".repeat(85), "my project", ".hidden"])("%j can be used", (name) => expect(fileNameProblem(name)).toBeNull());

  it("count bytes, and leave room for what is appended", () => {
    expect(fileNameProblem("x".repeat(221), 35)).toContain("221 bytes; the limit is 220");
    expect(truncateBytes("神".repeat(80), 100)).toBe("神".repeat(33));
    expect(truncateBytes("a😀b", 4)).toBe("a");
    expect(Buffer.byteLength(toFileName("神".repeat(80), 120))).toBe(120);
  });

  it("can be created from any text", () => {
    expect(toFileName("a/b: c?", 80)).toBe("a-b-c");
    expect(toFileName("...", 80)).toBe("");
    for (const name of ["nul", "con.v2", "LPT1.tar.gz"]) expect(fileNameProblem(toFileName(name, 80)), name).toBeNull();
    expect(Buffer.byteLength(toFileName("con", 3))).toBeLessThanOrEqual(3);
    expect(toFileName("x\u001b]0;title\u0007y", 80)).toBe("x-0-title-y");
  });
});

describe("paths of users", () => {
  it("are absolute, with ~ for the home folder", () => {
    expect(userPath("~")).toBe(homedir());
    expect(userPath("~/photos")).toBe(join(homedir(), "photos"));
    expect(userPath("photos")).toBe(resolve("photos"));
    expect(userPath("/data/~x")).toBe("/data/~x");
  });
});
