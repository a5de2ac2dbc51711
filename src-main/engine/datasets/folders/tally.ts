import { LEFT_OUT_REASONS, type LeftOut, type LeftOutReason, leftOutPhrase } from "../../../../src-shared/domain/left-out.ts";
import { UserError } from "../../../lib/errors.ts";

import { clutterIn, fileReason } from "./names.ts";

const EXAMPLES = 3;
/** Maximum share of the images that may be left out. */
const MOST_LEFT_OUT = 0.1;

/** Counts what a reader leaves out of a folder, by reason. */
export class Tally {
  private readonly entries = new Map<LeftOutReason, { count: number; examples: string[] }>();
  private readonly unknown: { readonly reason: LeftOutReason; readonly path: string }[] = [];

  add(reason: LeftOutReason, path: string): void {
    const entry = this.entries.get(reason);
    if (entry === undefined) this.entries.set(reason, { count: 1, examples: [path] });
    else {
      entry.count++;
      if (entry.examples.length < EXAMPLES) entry.examples.push(path);
    }
  }

  /** A folder, or a link to one, that is not entered, although it may contain any number of images. */
  addUnknown(reason: LeftOutReason, path: string): void {
    this.add(reason, path);
    this.unknown.push({ reason, path });
  }

  /** Adds the counts of another reader of the same images. */
  merge(others: readonly LeftOut[]): void {
    for (const { reason, count, examples } of others) {
      const entry = this.entries.get(reason);
      this.entries.set(reason, { count: (entry?.count ?? 0) + count, examples: [...(entry?.examples ?? []), ...examples].slice(0, EXAMPLES) });
    }
  }

  /** In the order of {@link LEFT_OUT_REASONS}. */
  list(): LeftOut[] {
    return Object.keys(LEFT_OUT_REASONS).flatMap((key) => {
      const reason = key as LeftOutReason;
      const entry = this.entries.get(reason);
      return entry === undefined ? [] : [{ reason, count: entry.count, examples: [...entry.examples] }];
    });
  }

  /**
   * Refuses a folder if more than a tenth of its images would be left out. Only reasons that count (see `LEFT_OUT_REASONS`) are compared with the images
   * that are used. A link to a folder outside, or to a missing folder, is always refused, because the number of its images is unknown.
   *
   * @param used number of images that are used
   * @throws UserError `folder-left-out`
   */
  check(source: string, used: number): void {
    const counted = this.list().filter(({ reason }) => LEFT_OUT_REASONS[reason].counts);
    const lost = counted.reduce((sum, { count }) => sum + count, 0);
    const [closed] = this.unknown;
    if (closed?.reason === "bad-name")
      throw new UserError(`The folder ${source} cannot be used: the name of the folder ${closed.path} is not valid UTF-8, so its images would be left out.`, {
        code: "folder-left-out",
        file: source,
        remedy: "Rename the folder, for example with convmv.",
      });
    if (closed !== undefined) {
      throw new UserError(
        `The folder ${source} cannot be used: ${closed.path} is a link to a folder that does not exist or is outside of it, so its images would be left out.`,
        {
          code: "folder-left-out",
          file: source,
          remedy: "Use the path of the folder that contains the files themselves, replace the link with a copy, or remove it.",
        },
      );
    }
    if (lost <= MOST_LEFT_OUT * (used + lost)) return;
    throw new UserError(
      `The folder ${source} cannot be used: ${lost.toLocaleString("en-US")} of ${(used + lost).toLocaleString("en-US")} images would be left out, which is more than a tenth. They are ${counted.map(leftOutPhrase).join("; ")}.`,
      {
        code: "folder-left-out",
        file: source,
        remedy: "Convert unsupported images to PNG or JPEG, move images to class folders, and delete or move away files that do not belong to the dataset.",
      },
    );
  }
}

/** A filter for the names of archive entries that counts the ones it rejects. A hidden or system folder counts once, whatever it contains. */
export function usableNames(tally: Tally): (name: string) => boolean {
  const counted = new Set<string>();
  return (name) => {
    const clutter = clutterIn(name);
    if (clutter !== null) {
      if (!counted.has(clutter.path)) tally.add(clutter.reason, clutter.path);
      counted.add(clutter.path);
      return false;
    }
    const reason = fileReason(name.slice(name.lastIndexOf("/") + 1));
    if (reason !== null) tally.add(reason, name);
    return reason === null;
  };
}
