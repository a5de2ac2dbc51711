/** Where the command line writes. Results go to stdout, everything else to stderr, so that scripts read results only. */
import { styleText } from "node:util";
import { plainSpaces } from "../../../src-shared/analysis/format.ts";

type Style = Parameters<typeof styleText>[0];

export interface Io {
  /** A line of the result. */
  out(text?: string): void;
  /** A line beside the result: progress, hints, warnings. */
  note(text?: string): void;
  /** One JSON document on one line of stdout, or indented when a person reads it. */
  json(value: unknown): void;
  /** Whether people watch: progress bars make sense. */
  readonly interactive: boolean;
  /** Columns of the terminal; generous where there is none. */
  readonly width: number;
  /** Colours and weights for stdout, where it shows them. */
  style(style: Style, text: string): string;
  /** The same for stderr. */
  noteStyle(style: Style, text: string): string;
}

export function processIo(stdout: NodeJS.WriteStream = process.stdout, stderr: NodeJS.WriteStream = process.stderr): Io {
  // A reader that goes away (`| head`) is no failure of the command.
  for (const stream of [stdout, stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit(0);
      throw error;
    });
  return {
    out: (text = "") => void stdout.write(`${plainSpaces(text)}\n`),
    note: (text = "") => void stderr.write(`${plainSpaces(text)}\n`),
    json: (value) => void stdout.write(`${JSON.stringify(value, null, stdout.isTTY ? 2 : undefined)}\n`),
    interactive: stderr.isTTY === true && process.env.CI === undefined && process.env.TERM !== "dumb",
    width: stdout.isTTY ? stdout.columns : 160,
    style: (style, text) => styleText(style, text, { stream: stdout }),
    noteStyle: (style, text) => styleText(style, text, { stream: stderr }),
  };
}
