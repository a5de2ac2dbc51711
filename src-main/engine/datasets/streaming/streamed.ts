import { join } from "node:path";
import { Rng } from "../../random.ts";
import { imagePng, type PreviewImage } from "../images/preview.ts";
import { decodeInto } from "./decode.ts";
import type { ImageIndex } from "./image-index.ts";

/** Mean and deviation of ImageNet's channels on the scale 0 .. 1, the usual figures; taken for every streamed folder, since measuring would read all of it. */
export const STREAMED_STATISTICS = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;

/** Images of a preview at most: a thousand classes are not all shown. */
const MOST_PREVIEWED = 200;
/** Side of a preview in pixels. */
const PREVIEW_SIDE = 96;

/** A few training images of each class, small, always the same ones; files that cannot be decoded are left out. */
export async function previewStreamed(index: ImageIndex, perClass: number): Promise<PreviewImage[]> {
  const { train, classNames, root } = index;
  const left = classNames.map(() => perClass);
  const chosen: number[] = [];
  for (const image of Rng.fromSeed(index.fingerprint, "preview").permutation(train.count)) {
    const label = train.labels[image] ?? 0;
    if ((left[label] ?? 0) <= 0) continue;
    left[label] = (left[label] ?? 0) - 1;
    chosen.push(image);
    if (chosen.length >= MOST_PREVIEWED) break;
  }
  const size = 3 * PREVIEW_SIDE * PREVIEW_SIDE;
  const previews: PreviewImage[] = [];
  for (const image of chosen) {
    const pixels = new Uint8Array(size);
    const settings = { side: PREVIEW_SIDE, smallestCrop: 0, colourJitter: 0 };
    const decoded = await decodeInto(pixels, { path: join(root, train.paths[image] ?? ""), offset: 0, seed: "" }, settings).then(
      () => true,
      () => false,
    );
    if (!decoded) continue;
    const classIndex = train.labels[image] ?? 0;
    const set = { images: pixels, labels: new Uint8Array(1), count: 1, height: PREVIEW_SIDE, width: PREVIEW_SIDE, channels: 3 };
    const png = await imagePng(set, 0);
    previews.push({ classIndex, className: classNames[classIndex] ?? "", index: image, width: PREVIEW_SIDE, height: PREVIEW_SIDE, png });
  }
  return previews.sort((a, b) => a.classIndex - b.classIndex);
}
