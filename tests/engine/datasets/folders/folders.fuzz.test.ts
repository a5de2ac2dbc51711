/** Property-based fuzzing of image folders: random lists of paths, and random trees with links on disk. */
import { link, mkdir, mkdtemp, realpath, rm, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import fc from "fast-check";
import { afterAll, expect, it } from "vitest";
import { type ImagePlan, planFolder, planImages } from "../../../../src-main/engine/datasets/folders/plan.ts";
import { Tally } from "../../../../src-main/engine/datasets/folders/tally.ts";
import { indexImages } from "../../../../src-main/engine/datasets/streaming/image-index.ts";
import { FUZZ_TIMEOUT, fuzzRuns, orRefused } from "../../../fuzz/support/fuzz.ts";
import { sharedTemporaryFolder } from "../support/helpers.ts";

const scratch = sharedTemporaryFolder();
afterAll(() => scratch.remove());

const folderName = fc.constantFrom(
  ...[
    "train",
    "test",
    "val",
    "training_set",
    "test_set",
    "seg_train",
    "seg_test",
    "seg_pred",
    "Valid",
    "images",
    "cats",
    "dogs",
    "caf\u00e9",
    "cafe\u0301",
    "pred",
    "a.b",
    "0",
  ],
);
const setting = fc.constantFrom(undefined, "classes" as const, "parts" as const);
const used = <Image>(plan: ImagePlan<Image>): { readonly image: Image; readonly className: string }[] => [
  ...plan.parts.train,
  ...plan.parts.validation,
  ...plan.parts.test,
];

it("every image is used once or counted as left out, whatever the order in which they are listed", { timeout: FUZZ_TIMEOUT }, async () => {
  const path = fc.tuple(fc.array(folderName, { maxLength: 4 }), fc.nat(6)).map(([folders, n]) => [...folders, `${n}.png`].join("/"));
  // Many images per folder, so that the limit of a tenth is not always exceeded.
  const paths = fc
    .tuple(fc.array(fc.array(folderName, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 6 }), fc.array(path, { maxLength: 4 }))
    .map(([folders, single]) => [
      ...new Set([...folders.flatMap((parts) => Array.from({ length: 8 }, (_, i) => [...parts, `${i}.png`].join("/"))), ...single]),
    ]);
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(paths, setting, fc.infiniteStream(fc.nat()), async (list, layout, order) => {
      const plan = await orRefused(() =>
        planImages(
          "here",
          list.map((name) => ({ path: name })),
          layout,
          new Tally(),
        ),
      );
      const shuffled = [...list].map((name) => ({ name, at: order.next().value ?? 0 })).sort((a, b) => a.at - b.at);
      const again = await orRefused(() =>
        planImages(
          "here",
          shuffled.map(({ name }) => ({ path: name })),
          layout,
          new Tally(),
        ),
      );
      const shape = (of: ImagePlan<{ path: string }> | null) => (of === null ? null : { parts: of.parts, classNames: of.classNames, prefix: of.prefix });
      expect(shape(again)).toEqual(shape(plan));
      if (plan === null) return;
      accepted++;
      const names = used(plan).map(({ image }) => image.path);
      expect(new Set(names).size).toBe(names.length);
      expect(names.length + plan.leftOut.reduce((sum, { count }) => sum + count, 0)).toBe(list.length);
      expect(plan.classNames).toEqual([...new Set(plan.parts.train.map(({ className }) => className))].sort());
      for (const { image, className } of used(plan)) {
        expect(plan.classNames).toContain(className);
        expect(image.path.startsWith(plan.prefix)).toBe(true);
        expect(image.path.normalize("NFC").split("/")).toContain(className);
      }
    }),
    fuzzRuns(500),
  );
  expect(accepted).toBeGreaterThan(20);
});

type Node =
  | { readonly kind: "file"; readonly at: readonly string[]; readonly name: string }
  | { readonly kind: "link"; readonly at: readonly string[]; readonly name: string; readonly to: readonly string[] }
  | { readonly kind: "hard-link"; readonly at: readonly string[]; readonly name: string; readonly to: number };

it("a tree of files and links is walked to its end, each file once, and nothing outside is read", { timeout: FUZZ_TIMEOUT }, async () => {
  const parts = fc.array(fc.constantFrom("a", "b", "train", "test", ".hidden", "__MACOSX"), { maxLength: 3 });
  const name = fc.constantFrom("1.png", "2.png", "3.JPG", "x.bmp", "y.txt", ".z.png", "._1.png");
  const target = fc.array(fc.constantFrom("..", "a", "b", "train", "test", "1.png", ".hidden"), { minLength: 1, maxLength: 4 });
  const node: fc.Arbitrary<Node> = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant("file" as const), at: parts, name }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("link" as const), at: parts, name: fc.constantFrom("1.png", "l.png", "up", "c"), to: target }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("hard-link" as const), at: parts, name: fc.constantFrom("h.png", "i.png"), to: fc.nat(20) }) },
  );
  const outside = join(scratch.path, "outside");
  await mkdir(outside);
  await writeFile(join(outside, "secret.png"), "secret");
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(node, { maxLength: 40 }), async (nodes) => {
      const root = join(await mkdtemp(join(scratch.path, "tree-")), "root");
      const files: string[] = [];
      // Two whole classes, so that many trees are accepted.
      for (const [folder, count] of [
        ["a", 12],
        ["b", 12],
      ] as const)
        for (let i = 0; i < count; i++) await plant(join(root, folder, `${i + 10}.png`), async (path) => writeFile(path, `${folder} ${i}`));
      for (const entry of nodes) {
        const path = join(root, ...entry.at, entry.name);
        if (entry.kind === "file") {
          if (await plant(path, async (at) => writeFile(at, entry.name, { flag: "wx" }))) files.push(path);
        } else if (entry.kind === "link") await plant(path, async (at) => symlink(join(...entry.to), at));
        else {
          const original = files[entry.to % Math.max(1, files.length)];
          if (original !== undefined) await plant(path, async (at) => link(original, at));
        }
      }
      const realRoot = (await realpath(root)) + sep;
      const plan = await orRefused(() => planFolder(root, undefined, {}));
      const index = await orRefused(() => indexImages(root));
      expect(index === null).toBe(plan === null);
      if (plan !== null && index !== null) {
        accepted++;
        const identities = new Set<string>();
        for (const { image } of used(plan)) {
          const real = await realpath(join(root, image.path));
          expect(real.startsWith(realRoot)).toBe(true);
          const { dev, ino } = await stat(real);
          identities.add(`${dev}:${ino}`);
        }
        expect(identities.size).toBe(used(plan).length);
        expect(index.train.count + index.test.count).toBe(used(plan).length);
      }
      await rm(dirname(root), { recursive: true });
    }),
    fuzzRuns(60),
  );
  expect(accepted).toBeGreaterThan(5);
});

/** Creates an entry where that is possible: a parent may be a file or lead into a loop. */
async function plant(path: string, create: (path: string) => Promise<void>): Promise<boolean> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await create(path);
    return true;
  } catch {
    return false;
  }
}
