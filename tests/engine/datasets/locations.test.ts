import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { locationsIn } from "../../../src-main/engine/datasets/access/locations.ts";
import { sharedTemporaryFolder } from "./support/helpers.ts";

const scratch = sharedTemporaryFolder();
afterAll(() => scratch.remove());

it("searches for a dataset in the first data folder that contains it, and caches in the user's own", () => {
  const [project, user] = [join(scratch.path, "project"), join(scratch.path, "user")];
  mkdirSync(join(user, "mnist"), { recursive: true });
  const cacheFolder = join(user, "cache");
  expect(locationsIn([project, user], "mnist")).toEqual({ dataRoot: user, cacheFolder });
  mkdirSync(join(project, "mnist"), { recursive: true });
  expect(locationsIn([project, user], "mnist")).toEqual({ dataRoot: project, cacheFolder });
  expect(locationsIn([project, user], "cifar10")).toEqual({ dataRoot: project, cacheFolder });
});
