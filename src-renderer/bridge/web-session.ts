/**
 * The right of a page to use the web host: a token that it got for the code of a one-time link. It is kept in memory and in the session storage of the tab, so
 * that it survives a reload. Tabs of the same address pass it on to each other.
 */
import type { WireError } from "../../src-shared/contract.ts";
import { codeIn, linkTo, TOKEN_HEADER } from "../../src-shared/web-session.ts";

/** Browser APIs that the session uses; tests pass their own. */
export interface WebSessionOptions {
  /** Address of the page, with a slash at the end. */
  readonly base: string;
  readonly fetch: typeof globalThis.fetch;
  readonly storage: Pick<Storage, "getItem" | "setItem" | "removeItem">;
  readonly channel: Pick<BroadcastChannel, "postMessage" | "onmessage">;
}

/** How long other tabs may take to answer, in ms. */
const ASK_MS = 400;
const LINK_REMEDY = "Open the link that `ghn-studio serve` printed last, or run `ghn-studio link` for a new one.";

/** The host does not know the token of this page any more. */
export const RESTARTED: WireError = { code: "token", message: "GHN Studio was restarted, and this page must sign in again.", remedy: LINK_REMEDY };

type Message = { readonly kind: "ask" } | { readonly kind: "token"; readonly token: string };

export class WebSession {
  private readonly options: WebSessionOptions;
  private readonly key: string;
  private readonly signedInListeners = new Set<() => void>();
  private current: string | null;
  private isRefused = false;

  constructor(options: WebSessionOptions) {
    this.options = options;
    this.key = `ghn-studio ${new URL(options.base).pathname}`;
    this.current = options.storage.getItem(this.key);
    options.channel.onmessage = ({ data }: MessageEvent<Message>) => {
      if (data.kind === "token") void this.adopt(data.token);
      else if (this.current !== null && !this.isRefused) this.tell({ kind: "token", token: this.current });
    };
  }

  /** Address of the page, with a slash at the end. */
  get base(): string {
    return this.options.base;
  }

  /** The token; empty before the page has signed in. */
  get token(): string {
    return this.current ?? "";
  }

  /**
   * Signs in with the token of this tab, the code of a link, or the token of another tab.
   * @returns why that was not possible; null if the page is signed in or the host does not answer at the moment
   */
  async begin(code: string | null): Promise<WireError | null> {
    if (this.current !== null && (await this.check(this.current)) !== "refused") return null;
    const hadToken = this.current !== null;
    this.forget();
    const refusal = code === null ? null : await this.redeem(code);
    if (code !== null && refusal === null) return null;
    if (await this.askOthers()) return null;
    return refusal ?? (hadToken ? RESTARTED : { code: "token", message: "This page is not signed in.", remedy: LINK_REMEDY });
  }

  /**
   * Signs in with a link or code that the user entered.
   * @returns why that was not possible
   */
  async signIn(text: string): Promise<WireError | null> {
    const code = codeIn(text);
    if (code === null)
      return { code: "link-unknown", message: "This is not a link of GHN Studio.", remedy: "Paste the whole link, including the part after #." };
    return this.redeem(code);
  }

  /** Whether the host still accepts the token. */
  state(): Promise<"accepted" | "refused" | "unreachable"> {
    return this.check(this.token);
  }

  /** To be called when the host has refused the token: it was restarted. */
  refused(): void {
    this.isRefused = true;
    this.tell({ kind: "ask" });
  }

  /** Calls the listener whenever the page has signed in. */
  onSignedIn(listener: () => void): () => void {
    this.signedInListeners.add(listener);
    return () => {
      this.signedInListeners.delete(listener);
    };
  }

  /** A one-time link for another browser, with the address that this page has. @throws Error if the host does not answer */
  async newLink(): Promise<string> {
    const response = await this.request("link", { method: "POST" });
    if (!response.ok) throw new Error(await response.text());
    const { code } = (await response.json()) as { code: string };
    return linkTo(this.options.base, code);
  }

  private async redeem(code: string): Promise<WireError | null> {
    try {
      const response = await this.request("session", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ code }) });
      const answer = (await response.json()) as { ok: true; token: string } | { ok: false; error: WireError };
      if (!answer.ok) return answer.error;
      this.accept(answer.token);
      this.tell({ kind: "token", token: answer.token });
      return null;
    } catch (cause) {
      return { code: "offline", message: "GHN Studio is not responding.", remedy: "Check that `ghn-studio serve` is running.", detail: String(cause) };
    }
  }

  /** Takes the token of another tab if this page has none that works. */
  private async adopt(token: string): Promise<void> {
    if ((this.current !== null && !this.isRefused) || token === this.current) return;
    if ((await this.check(token)) === "accepted") this.accept(token);
  }

  private askOthers(): Promise<boolean> {
    return new Promise((resolve) => {
      const stop = this.onSignedIn(() => finish(true));
      const finish = (found: boolean): void => {
        clearTimeout(timer);
        stop();
        resolve(found);
      };
      const timer = setTimeout(() => finish(false), ASK_MS);
      this.tell({ kind: "ask" });
    });
  }

  private accept(token: string): void {
    this.current = token;
    this.isRefused = false;
    this.options.storage.setItem(this.key, token);
    for (const listener of this.signedInListeners) listener();
  }

  private forget(): void {
    this.current = null;
    this.options.storage.removeItem(this.key);
  }

  private tell(message: Message): void {
    this.options.channel.postMessage(message);
  }

  private async check(token: string): Promise<"accepted" | "refused" | "unreachable"> {
    try {
      const { status } = await this.request("session", {}, token);
      return status === 200 ? "accepted" : status === 401 ? "refused" : "unreachable";
    } catch {
      return "unreachable";
    }
  }

  private request(path: string, init: RequestInit, token = this.token): Promise<Response> {
    return this.options.fetch(this.options.base + path, { ...init, credentials: "omit", headers: { ...init.headers, [TOKEN_HEADER]: token } });
  }
}

/** The session of this page. */
export function createWebSession(): WebSession {
  const base = new URL(".", location.href).href;
  return new WebSession({
    base,
    fetch: globalThis.fetch.bind(globalThis),
    storage: sessionStorage,
    channel: new BroadcastChannel(`ghn-studio ${new URL(base).pathname}`),
  });
}
