import { join } from "node:path";
import { UserError } from "../../../lib/errors.ts";
import type { DecodeRequest, DecodeSettings } from "../decoding/decode-into.ts";
import { type DecoderPool, GROUP } from "./decoder-pool.ts";
import type { ImageList } from "./image-index.ts";

/** What to do about a file that cannot be decoded: end the run with an error, or use another image of its class instead. */
export type DamagePolicy = "stop" | "substitute";

/** Substitutes to try for one image before giving up. */
const MOST_SUBSTITUTES = 5;

/** The images of one part of a dataset: `members` are ascending indices into the list. */
export interface StreamPart {
  readonly list: ImageList;
  readonly members: Uint32Array;
}

/**
 * Reads batches of indexed images with a pool of decoders.
 *
 * With the policy `substitute`, a damaged file is replaced by the next member of its class (by name, wrapping around). The substitute does not depend on
 * the threads, and each damaged file is reported once.
 */
export class ImageStream {
  private readonly root: string;
  private readonly pool: DecoderPool;
  private readonly policy: DamagePolicy;
  private readonly report: (sentence: string) => void;
  private readonly reported = new Set<string>();

  constructor(root: string, pool: DecoderPool, policy: DamagePolicy, report: (sentence: string) => void) {
    this.root = root;
    this.pool = pool;
    this.policy = policy;
    this.report = report;
  }

  /**
   * Decodes images into a batch, one after the other, as RGB bytes.
   * @param seedOf seed of the random augmentation of the image at a position
   * @throws UserError `image-damaged` with the file name
   */
  async read(part: StreamPart, indices: Uint32Array, batch: SharedArrayBuffer, settings: DecodeSettings, seedOf: (position: number) => string): Promise<void> {
    const size = 3 * settings.side * settings.side;
    const wanted = Array.from(indices, (index, position) => ({
      index,
      request: { path: join(this.root, part.list.paths[index] ?? ""), offset: position * size, seed: seedOf(position) },
    }));
    const groups: Promise<void>[] = [];
    for (let from = 0; from < wanted.length; from += GROUP) groups.push(this.readGroup(part, wanted.slice(from, from + GROUP), batch, settings));
    await Promise.all(groups);
  }

  private async readGroup(
    part: StreamPart,
    group: readonly { readonly index: number; readonly request: DecodeRequest }[],
    batch: SharedArrayBuffer,
    settings: DecodeSettings,
  ): Promise<void> {
    const failures = await this.pool.decode(
      batch,
      settings,
      group.map(({ request }) => request),
    );
    for (const failure of failures) {
      const failed = group[failure.index];
      if (failed !== undefined) await this.replace(part, failed.index, failed.request, failure.reason, batch, settings);
    }
  }

  private async replace(
    part: StreamPart,
    index: number,
    request: DecodeRequest,
    reason: string,
    batch: SharedArrayBuffer,
    settings: DecodeSettings,
  ): Promise<void> {
    const damaged = part.list.paths[index] ?? "";
    if (this.policy === "stop")
      throw new UserError(`The image ${request.path} cannot be decoded (${reason}).`, {
        code: "image-damaged",
        file: request.path,
        remedy:
          "Replace it with an intact file of the same size (another size makes it a different dataset) and resume, or start a new run that uses other images of the class instead (dataset.damaged=substitute).",
      });
    let other = index;
    for (let tries = 0; tries < MOST_SUBSTITUTES; tries++) {
      other = nextOfClass(part, other);
      if (other === index) break;
      const path = part.list.paths[other] ?? "";
      const failures = await this.pool.decode(batch, settings, [{ ...request, path: join(this.root, path) }]);
      if (failures.length > 0) continue;
      if (!this.reported.has(damaged)) {
        this.reported.add(damaged);
        this.report(`The image ${damaged} cannot be decoded (${reason}); ${path} is used instead.`);
      }
      return;
    }
    throw new UserError(`The image ${request.path} cannot be decoded (${reason}), and no other image of its class can be used instead.`, {
      code: "image-damaged",
      file: request.path,
      remedy: "Replace the files of this class with intact copies and resume.",
    });
  }
}

/** The next member of the same class, wrapping around; the index itself if there is none. */
function nextOfClass({ list, members }: StreamPart, index: number): number {
  const label = list.labels[index];
  const at = members.indexOf(index);
  for (let step = 1; step < members.length; step++) {
    const other = members[(at + step) % members.length];
    if (other !== undefined && list.labels[other] === label) return other;
  }
  return index;
}
