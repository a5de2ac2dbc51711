import type { DatasetLayout } from "../../../../src-shared/domain/dataset.ts";
import type { LeftOut } from "../../../../src-shared/domain/left-out.ts";
import type { DatasetLocations } from "../images/types.ts";
import { type FolderLayout, layoutError, type Part, understandLayout } from "./layout.ts";
import { Tally } from "./tally.ts";
import { type FoundImage, walkImages } from "./walk.ts";

/** A used image with its class. */
export interface PlannedImage<Image> {
  readonly image: Image;
  readonly className: string;
}

/** Which images of a folder or archive are used, and for what. */
export interface ImagePlan<Image> {
  /** In the order of {@link comparePaths}. */
  readonly parts: Readonly<Record<Part, readonly PlannedImage<Image>[]>>;
  /** Sorted by code units. */
  readonly classNames: readonly string[];
  /** See {@link FolderLayout.prefix}. */
  readonly prefix: string;
  /** See {@link FolderLayout.summary}. */
  readonly summary: string;
  readonly leftOut: readonly LeftOut[];
  /** Sentences for the user. */
  readonly notes: readonly string[];
}

type Found = Pick<FoundImage, "path"> & Partial<Pick<FoundImage, "identity" | "name">>;

/** Walks a folder and plans its images; errors as {@link walkImages} and {@link planImages}. */
export async function planFolder(
  path: string,
  layout: DatasetLayout | undefined,
  options: Pick<DatasetLocations, "onProgress" | "signal"> & { readonly stamps?: boolean },
): Promise<ImagePlan<FoundImage>> {
  const tally = new Tally();
  const images = await walkImages(path, tally, options);
  return planImages(path, images, layout, tally);
}

/**
 * Assigns images to parts and classes.
 *
 * @param source for messages
 * @param tally what was left out so far; completed here
 * @throws UserError `folder-layout`, `folder-left-out`
 */
export function planImages<Image extends Found>(source: string, images: readonly Image[], setting: DatasetLayout | undefined, tally: Tally): ImagePlan<Image> {
  const layout = understood(source, images, setting, tally);
  const labelled: (PlannedImage<Image> & { readonly part: Part })[] = [];
  const rest: { readonly image: Image; readonly reason: Parameters<Tally["add"]>[0] }[] = [];
  const spellings = new Map<string, string>();
  const merged = new Set<string>();
  for (const image of images) {
    const place = layout.place(image.path);
    if ("leftOut" in place) rest.push({ image, reason: place.leftOut });
    else {
      const spelling = place.className;
      const className = spelling.normalize("NFC");
      const before = spellings.get(className);
      if (before === undefined) spellings.set(className, spelling);
      else if (before !== spelling) merged.add(className);
      labelled.push({ image, className, part: place.part });
    }
  }
  const notes = [...merged].map(
    (name) => `The class ${name} has folders with differently encoded names (composed and decomposed Unicode), which are treated as one.`,
  );
  const { kept, conflicts } = eachFileOnce(labelled, tally);
  if (conflicts > 0)
    notes.push(`${figure(conflicts)} ${conflicts === 1 ? "file has names" : "files have names"} in more than one class or part; only the first is used.`);
  const included = new Set(kept.flatMap(({ image }) => (image.identity === undefined || image.identity === null ? [] : [image.identity])));
  for (const { image, reason } of rest)
    tally.add(image.identity !== undefined && image.identity !== null && included.has(image.identity) ? "duplicate" : reason, image.path);
  kept.sort((a, b) => comparePaths(a.image.path, b.image.path));
  const parts: Record<Part, PlannedImage<Image>[]> = { train: [], validation: [], test: [] };
  for (const { image, className, part } of kept) parts[part].push({ image, className });
  const classNames = [...new Set(parts.train.map(({ className }) => className))].sort();
  // The left-out images explain best why a class is missing.
  if (classNames.length < 2) tally.check(source, kept.length);
  if (classNames.length < 2)
    throw layoutError(
      source,
      `it contains ${String(classNames.length)} class ${classNames.length === 1 ? "folder" : "folders"} with training images, and at least 2 are needed`,
    );
  if (classNames.length > 65_536) throw layoutError(source, "it contains more than 65,536 classes");
  const known = new Set(classNames);
  const unknown = [...parts.validation, ...parts.test].find(({ className }) => !known.has(className));
  if (unknown !== undefined) throw layoutError(source, `the class "${unknown.className}" has no training images`);
  tally.check(source, kept.length);
  return { parts, classNames, prefix: layout.prefix, summary: layout.summary, leftOut: tally.list(), notes };
}

/** If no image is usable, the left-out images explain more than the layout. */
function understood(source: string, images: readonly Found[], setting: DatasetLayout | undefined, tally: Tally): FolderLayout {
  if (images.length === 0) tally.check(source, 0);
  return understandLayout(
    source,
    images.map(({ path }) => path),
    setting,
  );
}

/** Of several names of one file, the first that is not a link is kept, otherwise the first. */
function eachFileOnce<Image extends Found, Planned extends PlannedImage<Image> & { readonly part: Part }>(
  planned: readonly Planned[],
  tally: Tally,
): { readonly kept: Planned[]; readonly conflicts: number } {
  const names = new Map<string, Planned[]>();
  const kept: Planned[] = [];
  for (const entry of planned) {
    const { identity = null } = entry.image;
    if (identity === null) {
      kept.push(entry);
      continue;
    }
    const same = names.get(identity);
    if (same === undefined) names.set(identity, [entry]);
    else same.push(entry);
  }
  let conflicts = 0;
  for (const same of names.values()) {
    // On some network file systems different files share an inode; a file with one name is not the same as another.
    const single = same.filter(({ image }) => image.name === "only");
    const several = same.filter(({ image }) => image.name !== "only").sort((a, b) => order(a.image) - order(b.image) || (a.image.path < b.image.path ? -1 : 1));
    const [first] = single.length > 0 ? single : several;
    if (first === undefined) continue;
    const dropped = several.filter((entry) => entry !== first);
    kept.push(...(single.length > 0 ? single : [first]));
    for (const { image } of dropped) tally.add("duplicate", image.path);
    if (dropped.some(({ className, part }) => className !== first.className || part !== first.part)) conflicts++;
  }
  return { kept, conflicts };
}

function order({ name }: Found): number {
  return name === "link" ? 1 : 0;
}

/** The order of a walk: by code units in each folder, files before folders. */
export function comparePaths(a: string, b: string): number {
  const least = Math.min(a.length, b.length);
  let at = 0;
  let start = 0;
  while (at < least && a.charCodeAt(at) === b.charCodeAt(at)) {
    if (a.charCodeAt(at) === 47) start = at + 1;
    at++;
  }
  if (at === a.length && at === b.length) return 0;
  const [endA, endB] = [a.indexOf("/", start), b.indexOf("/", start)];
  if (endA < 0 !== endB < 0) return endA < 0 ? -1 : 1;
  const [nameA, nameB] = [a.slice(start, endA < 0 ? a.length : endA), b.slice(start, endB < 0 ? b.length : endB)];
  return nameA < nameB ? -1 : 1;
}

function figure(count: number): string {
  return count.toLocaleString("en-US");
}
