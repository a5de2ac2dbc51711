/** Who may use the web host: a browser on this computer (or through a tunnel) that was opened with the link. */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** Names of this computer on the loopback interface. Any other name is a DNS rebinding attack or a mistake. */
const LOOPBACK_NAMES = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Generates a token: 32 random bytes as 43 characters of base64url. */
export function newToken(): string {
  return randomBytes(32).toString("base64url");
}

/** Compares in constant time. */
export function sameToken(given: string, token: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}

/** True when the Host header names this computer. Any port: a tunnel may use another one than the host. */
export function hostAllowed(host: string | undefined): boolean {
  const match = /^(\[[0-9a-f:]+\]|[a-z0-9.-]+)(?::\d{1,5})?$/i.exec(host ?? "");
  return match !== null && LOOPBACK_NAMES.has((match[1] ?? "").toLowerCase());
}

/** True when a request comes from a page of this host; required for everything that changes or reveals something. */
export function originAllowed(headers: IncomingHttpHeaders): boolean {
  return headers.host !== undefined && headers.origin === `http://${headers.host}`;
}

/** Cookies are shared between all ports of a computer, so the name contains the port of the host. */
function cookieName(port: number): string {
  return `ghn-studio-${port}`;
}

/** True when the request has the cookie with the token. */
export function tokenPresent(headers: IncomingHttpHeaders, port: number, token: string): boolean {
  const prefix = `${cookieName(port)}=`;
  return (headers.cookie ?? "")
    .slice(0, 16_384)
    .split(";")
    .map((part) => part.trim())
    .some((part) => part.startsWith(prefix) && sameToken(part.slice(prefix.length), token));
}

export function tokenCookie(port: number, token: string): string {
  return `${cookieName(port)}=${token}; Path=/; HttpOnly; SameSite=Strict`;
}
