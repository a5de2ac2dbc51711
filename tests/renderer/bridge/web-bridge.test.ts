import { describe, expect, it } from "vitest";
import { createWebBridge } from "../../../src-renderer/bridge/web-bridge.ts";
import { TOKEN_HEADER } from "../../../src-shared/web-session.ts";

/** A page whose calls are answered by the test: with the token that each was sent with. */
function page() {
  const listeners: (() => void)[] = [];
  const session = {
    token: "old",
    refusals: 0,
    state: () => Promise.resolve("accepted" as const),
    refused: () => {
      session.refusals++;
    },
    onSignedIn: (listener: () => void) => {
      listeners.push(listener);
      return () => undefined;
    },
  };
  const sent: { readonly token: string; answer(status: number): void }[] = [];
  const sockets: WebSocket[] = [];
  const bridge = createWebBridge({
    base: "http://127.0.0.1:8420/",
    session,
    fetch: (_, init) =>
      new Promise((resolve) => {
        const headers = new Headers(init?.headers);
        sent.push({
          token: headers.get(TOKEN_HEADER) ?? "",
          answer: (status) => resolve(new Response(JSON.stringify({ ok: true, value: null }), { status })),
        });
      }),
    createSocket: () => {
      const socket = { readyState: 1, send: () => undefined, close: () => undefined } as unknown as WebSocket;
      sockets.push(socket);
      return socket;
    },
  });
  const open = () => sockets.at(-1)?.onopen?.(new Event("open"));
  open();
  const signIn = (token: string) => {
    session.token = token;
    for (const listener of listeners) listener();
    open();
  };
  return { bridge, session, sent, signIn };
}

describe("a call that the host refuses", () => {
  it("signs the page out, and each further one asks other tabs for their token", async () => {
    const { bridge, session, sent } = page();
    const calls = [bridge.call("system.info", {}), bridge.call("system.info", {})];
    await expect.poll(() => sent.length).toBe(2);
    for (const one of sent) one.answer(401);
    for (const call of calls) expect(await call).toMatchObject({ ok: false, error: { code: "token" } });
    expect(bridge.outage).toBe("signed-out");
    expect(session.refusals).toBe(2);
  });

  it("does not sign out a page that has signed in again since it was sent", async () => {
    const { bridge, session, sent, signIn } = page();
    const early = bridge.call("system.info", {});
    const late = bridge.call("system.info", {});
    await expect.poll(() => sent.length).toBe(2);
    sent[0]?.answer(401);
    await early;
    expect(bridge.outage).toBe("signed-out");
    signIn("new");
    expect(bridge.outage).toBeNull();
    sent[1]?.answer(401);
    expect(await late).toMatchObject({ ok: false, error: { code: "token" } });
    expect(bridge.outage).toBeNull();
    expect(session.refusals).toBe(1);
    const next = bridge.call("system.info", {});
    await expect.poll(() => sent.length).toBe(3);
    expect(sent.map(({ token }) => token)).toEqual(["old", "old", "new"]);
    sent[2]?.answer(200);
    expect(await next).toMatchObject({ ok: true });
  });
});
