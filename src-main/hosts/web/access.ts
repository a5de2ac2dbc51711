/** Who may talk to the web host: a browser on this computer (or through a tunnel) that came by the first link. */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** Names that a browser on this computer uses for it. A page on any other name is a rebinding attack or a mistake. */
const LOOPBACK_NAMES = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** A new token: 32 random bytes as 43 letters of base64url. */
export function newToken(): string {
  return randomBytes(32).toString("base64url");
}

/** Compares without telling by time how much was right. */
export function sameToken(given: string, token: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}

/** True when the Host header names this computer. Any port: a tunnel may use another one than the host listens on. */
export function hostAllowed(host: string | undefined): boolean {
  const match = /^(\[[0-9a-f:]+\]|[a-z0-9.-]+)(?::\d{1,5})?$/i.exec(host ?? "");
  return match !== null && LOOPBACK_NAMES.has((match[1] ?? "").toLowerCase());
}

/** True when a request comes from a page of this very host; required wherever something can be changed or heard. */
export function originAllowed(headers: IncomingHttpHeaders): boolean {
  return headers.host !== undefined && headers.origin === `http://${headers.host}`;
}

/** Cookies are shared between the ports of a computer, so the name carries the port that the host listens on. */
export function cookieName(port: number): string {
  return `ghn-studio-${port}`;
}

/** True when the request carries the cookie with the token. */
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
