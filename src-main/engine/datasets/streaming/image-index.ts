import { createHash } from "node:crypto";
import { join } from "node:path";
import type { DatasetLayout } from "../../../../src-shared/domain/dataset.ts";
import type { LeftOut } from "../../../../src-shared/domain/left-out.ts";
import { UserError } from "../../../lib/errors.ts";
import { sourceKind } from "../archives/kind.ts";
import { type ImagePlan, type PlannedImage, planFolder } from "../folders/plan.ts";
import type { FoundImage } from "../folders/walk.ts";
import { holdOutTestPart } from "../images/test-part.ts";
import type { DatasetLocations } from "../images/types.ts";

/** Images of one part of a dataset, by name; their pixels stay on disk. */
export interface ImageList {
  /** Relative to the folder, with `/` as separator. */
  readonly paths: readonly string[];
  /** A class index for each path. */
  readonly labels: Uint8Array | Uint16Array;
  readonly count: number;
}

/** The images of a folder, without decoding any. */
export interface ImageIndex {
  /** The folder that the paths are relative to. */
  readonly root: string;
  readonly train: ImageList;
  readonly test: ImageList;
  /** Indices into `train` of the folder's own validation part: `val/`, if there is also a `test/`. */
  readonly givenValidation?: Uint32Array;
  readonly classNames: readonly string[];
  /** SHA-256 over the names and sizes of the files, in hex. Contents and dates are not covered: a copy is the same dataset. */
  readonly fingerprint: string;
  /** Bytes of all files on disk. */
  readonly bytes: number;
  /** A sentence about how the folder is understood. */
  readonly layout: string;
  readonly leftOut: readonly LeftOut[];
  readonly notes: readonly string[];
}

/** Fixed, because a different seed would give a different dataset. */
const TEST_SEED = "streamed images test part 1";

type Planned = PlannedImage<FoundImage>;

/**
 * Lists a folder of labelled images; see `understandLayout` for how it may be organised. Nothing is decoded.
 *
 * - With a training and a validation part but no test part, as in ImageNet, the validation part is the test part: it is measured once, at the end.
 *   The validation images that rank candidates are taken from the training part.
 * - With all three, each is used as named.
 * - With class folders only, a fixed stratified fifth is held out as the test part.
 *
 * @throws UserError `folder-layout`, `folder-left-out`, `not-a-folder`; the signal's reason when aborted
 */
export async function indexImages(
  path: string,
  layout: DatasetLayout | undefined = undefined,
  locations: Pick<DatasetLocations, "onProgress" | "signal"> = {},
): Promise<ImageIndex> {
  if ((await sourceKind(path)) !== "folder")
    throw new UserError(`Images can only be streamed from a folder, and ${path} is not a folder.`, {
      code: "not-a-folder",
      file: path,
      field: "dataset.path",
      remedy: "Unpack the archive and use the folder that contains train/ and val/, or one subfolder per class.",
    });
  return indexPlan(path, await planFolder(path, layout, locations));
}

function indexPlan(path: string, plan: ImagePlan<FoundImage>): ImageIndex {
  const { classNames, prefix, parts } = plan;
  const labelOf = new Map(classNames.map((name, label) => [name, label]));
  const listOf = (images: readonly Planned[]): ImageList => {
    const labels = classNames.length > 256 ? new Uint16Array(images.length) : new Uint8Array(images.length);
    images.forEach(({ className }, i) => {
      labels[i] = labelOf.get(className) ?? 0;
    });
    return { paths: images.map(({ image }) => image.path.slice(prefix.length)), labels, count: images.length };
  };
  const notes = [...plan.notes];
  const all = [...parts.train, ...parts.validation, ...parts.test];
  const common = {
    root: prefix === "" ? path : join(path, prefix.slice(0, -1)),
    classNames,
    fingerprint: fingerprintOf(classNames, prefix, all),
    bytes: all.reduce((sum, { image }) => sum + image.bytes, 0),
    layout: plan.summary,
    leftOut: plan.leftOut,
    notes,
  };
  if (parts.test.length > 0) {
    const given = Uint32Array.from(parts.validation, (_, i) => parts.train.length + i);
    return {
      ...common,
      train: listOf([...parts.train, ...parts.validation]),
      test: listOf(parts.test),
      ...(given.length === 0 ? {} : { givenValidation: given }),
    };
  }
  if (parts.validation.length > 0) {
    notes.push(
      "There is no labelled test part, so the validation part is measured at the end, as is usual for ImageNet; validation images are taken from the training part.",
    );
    return { ...common, train: listOf(parts.train), test: listOf(parts.validation) };
  }
  const apart = holdOutTestPart(listOf(parts.train), TEST_SEED);
  notes.push(`There is no test folder, so a fixed fifth of the training images (${apart.test.length.toLocaleString("en-US")}) is held out as the test part.`);
  const pick = (indices: Uint32Array): ImageList => listOf([...indices].flatMap((i) => parts.train[i] ?? []));
  return { ...common, train: pick(apart.train), test: pick(apart.test) };
}

/** Names and sizes, in the order of the index, which is that of the names. */
function fingerprintOf(classNames: readonly string[], prefix: string, images: readonly Planned[]): string {
  const hash = createHash("sha256").update(JSON.stringify({ version: 1, streamed: true, classNames, count: images.length }));
  for (const { image } of images) hash.update(`${image.path.slice(prefix.length)}\0${image.bytes}\n`);
  return hash.digest("hex");
}
