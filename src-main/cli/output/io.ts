/** Output of the command line: results on stdout, everything else on stderr. */
import { styleText } from "node:util";
import { plainSpaces } from "../../../src-shared/analysis/format.ts";
import { printable, printableJson } from "../../../src-shared/domain/printable.ts";

type Style = Parameters<typeof styleText>[0];

export interface Io {
  /** Prints a line of the result. */
  out(text?: string): void;
  /** Prints progress, hints and warnings to stderr. */
  note(text?: string): void;
  /** Prints a JSON document to stdout: one line, or indented on a terminal. */
  json(value: unknown): void;
  /** The first write error that lost output, such as a full disk; null if there is none or the reader closed the stream (`| head`, a closed terminal). */
  writeError(): Error | null;
  /** Whether progress bars make sense. */
  readonly interactive: boolean;
  /** Columns of the terminal, or a generous default without one. */
  readonly width: number;
  /** Styles text for stdout, if it shows styles. */
  style(style: Style, text: string): string;
  /** The same for stderr. */
  noteStyle(style: Style, text: string): string;
}

/** The reader of a pipe has exited, or the terminal was closed. */
const READER_GONE: ReadonlySet<string> = new Set(["EPIPE", "EIO", "ECONNRESET", "ERR_STREAM_DESTROYED"]);

export function processIo(stdout: NodeJS.WriteStream = process.stdout, stderr: NodeJS.WriteStream = process.stderr): Io {
  // Output that cannot be written never stops a run: it continues silently.
  let lost: Error | null = null;
  for (const stream of [stdout, stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (!READER_GONE.has(error.code ?? "")) lost ??= error;
    });
  return {
    out: (text = "") => void stdout.write(`${printable(plainSpaces(text), stdout.isTTY)}\n`),
    note: (text = "") => void stderr.write(`${printable(plainSpaces(text), stderr.isTTY)}\n`),
    json: (value) => void stdout.write(`${printableJson(JSON.stringify(value, null, stdout.isTTY ? 2 : undefined))}\n`),
    writeError: () => lost,
    interactive: stderr.isTTY === true && process.env.CI === undefined && process.env.TERM !== "dumb",
    width: stdout.isTTY ? stdout.columns : 160,
    style: (style, text) => styleText(style, text, { stream: stdout }),
    noteStyle: (style, text) => styleText(style, text, { stream: stderr }),
  };
}
