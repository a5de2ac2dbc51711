/**
 * Who may use the web host: pages that were opened with a one-time link. The code in the link is exchanged for a token, which the page keeps and sends with every
 * request. There is no cookie, because browsers send cookies to every port of a computer, that is, to servers of other users.
 */
import { createHash, randomBytes } from "node:crypto";
import type { WireError } from "../../../src-shared/contract.ts";

/** Unused codes kept at a time; the oldest are dropped. */
const MAX_CODES = 500;
/** How long a code from {@link SignIns.newCode} is valid by default, in ms. */
const CODE_LIFE_MS = 10 * 60_000;

type Redeemed = { readonly ok: true; readonly token: string } | { readonly ok: false; readonly error: WireError };

/** Codes and tokens are 32 random bytes as 43 characters of base64url. Both are valid until the host ends; a code works once. */
export class SignIns {
  /** Expiry of each unused code, in ms since the epoch, by hash. */
  private readonly codes = new Map<string, number>();
  private readonly used = new Set<string>();
  private readonly tokens = new Set<string>();
  private readonly issued: string[] = [];

  /** All tokens, to be removed from error messages. */
  get secrets(): readonly string[] {
    return this.issued;
  }

  /** @param lifeMs how long the code is valid; `Infinity` until the host ends */
  newCode(lifeMs = CODE_LIFE_MS): string {
    const code = random();
    this.codes.set(hash(code), Date.now() + lifeMs);
    for (const oldest of this.codes.keys()) {
      if (this.codes.size <= MAX_CODES) break;
      this.codes.delete(oldest);
    }
    return code;
  }

  /** Exchanges a code for a token. */
  redeem(code: string): Redeemed {
    const key = hash(code);
    const expires = this.codes.get(key);
    if (expires === undefined)
      return refusal(
        this.used.has(key)
          ? { code: "link-used", message: "This link has already been used. Each link works once." }
          : { code: "link-unknown", message: "This link is not valid. It belongs to an earlier start of GHN Studio, or is incomplete." },
      );
    this.codes.delete(key);
    this.used.add(key);
    if (expires < Date.now()) return refusal({ code: "link-expired", message: "This link has expired." });
    const token = random();
    this.tokens.add(hash(token));
    this.issued.push(token);
    return { ok: true, token };
  }

  /** True for a token that this host issued. Compares hashes, so that timing reveals nothing about it. */
  accepts(token: string | undefined): boolean {
    return token !== undefined && this.tokens.has(hash(token));
  }
}

function refusal(error: WireError): Redeemed {
  return {
    ok: false,
    error: {
      ...error,
      remedy:
        "Run `ghn-studio link` on the computer that runs GHN Studio, and open the link it prints. In a window that is still signed in, the command palette has “Copy a link for another browser”.",
    },
  };
}

function random(): string {
  return randomBytes(32).toString("base64url");
}

function hash(secret: string): string {
  return createHash("sha256").update(secret.slice(0, 200)).digest("base64");
}
