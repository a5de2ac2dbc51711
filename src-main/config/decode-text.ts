import { UserError } from "../lib/errors.ts";

/**
 * Text of a config file, without a byte order mark.
 * @throws UserError `config-encoding` if it is not UTF-8
 */
export function decodeText(bytes: Buffer, file: string): string {
  const utf16 =
    (bytes[0] === 0xff && bytes[1] === 0xfe) ||
    (bytes[0] === 0xfe && bytes[1] === 0xff) ||
    (bytes[0] === 0x7b && bytes[1] === 0) ||
    (bytes[0] === 0 && bytes[1] === 0x7b);
  if (utf16)
    throw new UserError(`${file} is encoded as UTF-16, not as UTF-8.`, {
      code: "config-encoding",
      file,
      remedy: 'Save it as UTF-8. In PowerShell: Out-File -Encoding utf8, not ">".',
    });
  return bytes.toString("utf8").replace(/^\ufeff/, "");
}

/** Values of other languages that are not JSON, and how JSON writes them. */
const MISSPELLED: readonly (readonly [pattern: RegExp, correct: (token: string) => string])[] = [
  [/^[+-]?\.\d[\d.eE+-]*$/, (token) => token.replace(/^\+/, "").replace(/^(-?)\./, "$10.")],
  [/^\+\d[\d.eE+-]*$/, (token) => token.slice(1)],
  [/^-?\d+\.$/, (token) => `${token}0`],
  [/^(True|TRUE)$/, () => "true"],
  [/^(False|FALSE)$/, () => "false"],
  [/^(None|nil|NULL|Null|undefined)$/, () => "null"],
];

/** The first value of a text that JSON writes differently, with a hint such as "Write 0.05 instead of .05."; null if there is none. */
export function misspelledValue(text: string): { readonly position: number; readonly hint: string } | null {
  const unquoted = /[^\s,:[\]{}"]+/y;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '"') {
      at = endOfText(text, at);
      continue;
    }
    unquoted.lastIndex = at;
    const token = unquoted.exec(text)?.[0];
    if (token === undefined) continue;
    // Longer tokens are not spelling mistakes.
    if (token.length <= 50)
      for (const [pattern, correct] of MISSPELLED) if (pattern.test(token)) return { position: at, hint: `Write ${correct(token)} instead of ${token}.` };
    at += token.length - 1;
  }
  return null;
}

/** Position of the quote that closes a text, or the end of the file. One pass: a pattern would start again at every quote of a text that is never closed. */
function endOfText(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at;
}
