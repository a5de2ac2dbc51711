import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AllowedFolders } from "../../../src-main/api/access/allowed-folders.ts";

let base: string;
let root: string;
let folders: AllowedFolders;

beforeAll(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), "ghn-folders-")));
  root = join(base, "home");
  await mkdir(join(root, "project"), { recursive: true });
  await mkdir(join(root, "empty"));
  await mkdir(join(base, "home-of-another"));
  await writeFile(join(base, "home-of-another", "secret.txt"), "x");
  await writeFile(join(root, "project", "project.json"), "{}");
  await writeFile(join(root, "images 2.tar"), "12345");
  await writeFile(join(root, "images 10.tar"), "1");
  await writeFile(join(root, ".hidden"), "");
  await symlink(join(base, "home-of-another"), join(root, "link"));
  await symlink(join(base, "nowhere"), join(root, "dangling"));
  folders = await AllowedFolders.of([root, join(base, "not-there")]);
});
afterAll(() => rm(base, { recursive: true, force: true }));

test("lists folders first and in natural order, marks projects, leaves hidden entries out", async () => {
  const listing = await folders.list();
  expect(listing.path).toBe(root);
  expect(listing.parent).toBeNull();
  expect(listing.roots).toEqual([root]);
  expect(listing.entries.map((entry) => entry.name)).toEqual(["empty", "link", "project", "images 2.tar", "images 10.tar"]);
  expect(listing.entries.find((entry) => entry.name === "project")?.isProject).toBe(true);
  expect((await folders.list(join(root, "project"))).parent).toBe(root);
});

test.each(["..", "../home-of-another", "link", "link/secret.txt", "dangling", "dangling/new", "project/../../home-of-another"])(
  "%s leads outside and is refused",
  async (path) => {
    await expect(folders.resolve(join(root, path))).rejects.toMatchObject({ code: "path-outside" });
    await expect(folders.resolve(`${root}/${path}`)).rejects.toMatchObject({ code: "path-outside" });
  },
);

test("a path that only shares a prefix with a root is outside; relative paths are refused", async () => {
  await expect(folders.resolve(join(base, "home-of-another"))).rejects.toMatchObject({ code: "path-outside" });
  await expect(folders.resolve("project")).rejects.toMatchObject({ code: "path-relative" });
  await expect(folders.resolve(`${root}/a\0b`)).rejects.toMatchObject({ code: "path-relative" });
  await expect(folders.list(join(root, "images 2.tar"))).rejects.toMatchObject({ code: "folder-missing" });
});

test("folders that do not exist yet are allowed inside the roots", async () => {
  expect(await folders.resolve(join(root, "new", "deeper"))).toBe(join(root, "new", "deeper"));
  expect(await folders.resolve(join(root, "empty", "..", "project"))).toBe(join(root, "project"));
});
