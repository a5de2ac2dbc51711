/** Downloads: a page cannot add a header to a download, so it gets an address that works once, for a minute. */
import { randomBytes } from "node:crypto";

const LIFE_MS = 60_000;
const MAX_TICKETS = 1000;
/** First segment of the address, below the base path. */
export const DOWNLOAD_PATH = "download/";

export class DownloadTickets {
  private readonly tickets = new Map<string, { readonly path: string; readonly expires: number }>();

  /** Address of a file, relative to the page. */
  offer(path: string): string {
    const ticket = randomBytes(32).toString("base64url");
    this.tickets.set(ticket, { path, expires: Date.now() + LIFE_MS });
    for (const oldest of this.tickets.keys()) {
      if (this.tickets.size <= MAX_TICKETS) break;
      this.tickets.delete(oldest);
    }
    return DOWNLOAD_PATH + ticket;
  }

  /** The file of a ticket, which is then no longer valid; null if it is not valid. */
  take(ticket: string): string | null {
    const found = this.tickets.get(ticket);
    this.tickets.delete(ticket);
    return found === undefined || found.expires < Date.now() ? null : found.path;
  }
}
