import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { DownloadTickets } from "../../../src-main/hosts/web/download-tickets.ts";
import { startWebHost, type WebHost } from "../../../src-main/hosts/web/web-host.ts";
import type { createWebBridge } from "../../../src-renderer/bridge/web-bridge.ts";
import { codeIn, TOKEN_HEADER } from "../../../src-shared/web-session.ts";
import { recordingLog, type TestSession, testSession } from "../support/host-support.ts";
import { pageSession, signIn } from "../support/web-page.ts";

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

let folder: string;
let host: WebHost;
let token: string;
const tickets = new DownloadTickets();
let session: TestSession;
const log = recordingLog();

/** A raw request: fetch would not let a test set Host, Origin or a path with dots. */
function ask(
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string; signedIn?: boolean; port?: number } = {},
): Promise<Answer> {
  const { method = "GET", headers = {}, body, signedIn = true, port = host.port } = options;
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path, method, headers: { ...(signedIn ? { [TOKEN_HEADER]: token } : {}), ...headers } }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => (text += part));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

function post(name: string, body: string, extra: Record<string, string> = {}, signedIn = true): Promise<Answer> {
  return ask(`/call/${name}`, { method: "POST", body, signedIn, headers: { "content-type": "application/json", origin: host.origin, ...extra } });
}

function connect(headers: Record<string, string>, protocols: string[], path = "/events"): Promise<string> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${host.port}${path}`, protocols, { headers });
    socket.on("open", () => {
      socket.terminate();
      resolve("open");
    });
    socket.on("error", (error) => resolve(error.message));
  });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ghn-web-"));
  const site = join(folder, "site");
  await mkdir(join(site, "assets"), { recursive: true });
  await writeFile(join(folder, "secret.txt"), "secret");
  await writeFile(join(site, "index.html"), "<!doctype html><title>GHN Studio</title>");
  await writeFile(join(site, "assets", "main-1a2b.js"), "export {};");
  await writeFile(join(site, ".hidden.txt"), "hidden");
  await writeFile(join(site, "notes.exe"), "no");
  await symlink(join(folder, "secret.txt"), join(site, "link.txt"));
  session = testSession({ "runs.csv": () => ({ csv: "id,name\r\n" }) }, log);
  host = await startWebHost({ session, rendererFolder: site, port: 0, tickets, log, pingMs: 100 });
  token = await signIn(host);
});

afterAll(async () => {
  await host.close();
  await rm(folder, { recursive: true, force: true });
});

describe("admission", () => {
  const redeem = (code: string, origin = host.origin): Promise<Answer> =>
    ask("/session", { method: "POST", signedIn: false, headers: { "content-type": "application/json", origin }, body: JSON.stringify({ code }) });

  test("a link works once; its code is in the fragment, which no server sees; there is no cookie", async () => {
    const link = host.link();
    const url = new URL(link);
    expect([url.origin, url.pathname, url.search]).toEqual([host.origin, "/", ""]);
    const code = codeIn(link) ?? "";
    const first = await redeem(code);
    expect(first.status).toBe(200);
    expect(first.headers["set-cookie"]).toBeUndefined();
    const granted = JSON.parse(first.body) as { token: string };
    expect(granted.token).toMatch(/^[\w-]{43}$/);
    expect((await ask("/session", { signedIn: false, headers: { [TOKEN_HEADER]: granted.token } })).status).toBe(200);
    const second = await redeem(code);
    expect(second.status).toBe(403);
    expect(JSON.parse(second.body)).toMatchObject({
      ok: false,
      error: { code: "link-used", message: "This link has already been used. Each link works once." },
    });
    expect(JSON.parse(second.body)).toMatchObject({ error: { remedy: expect.stringContaining("ghn-studio link") } });
  });

  test("an expired or unknown link is refused, and one that a foreign page found is not exchanged", async () => {
    expect(JSON.parse((await redeem(codeIn(host.link(-1)) ?? "")).body)).toMatchObject({ error: { code: "link-expired" } });
    expect(JSON.parse((await redeem("a".repeat(43))).body)).toMatchObject({ error: { code: "link-unknown" } });
    expect((await redeem(codeIn(host.link()) ?? "", "http://evil.example")).status).toBe(403);
    expect(
      (await ask("/session", { method: "POST", signedIn: false, headers: { "content-type": "application/json", origin: host.origin }, body: "[]" })).status,
    ).toBe(403);
  });

  test("a signed-in page gets links for other browsers, others do not", async () => {
    const answer = await ask("/link", { method: "POST", headers: { origin: host.origin } });
    const { code } = JSON.parse(answer.body) as { code: string };
    expect((await redeem(code)).status).toBe(200);
    expect((await ask("/link", { method: "POST", signedIn: false, headers: { origin: host.origin } })).status).toBe(401);
    expect((await ask("/link", { method: "POST", headers: { origin: "http://evil.example" } })).status).toBe(403);
  });

  test("without a token, or with a wrong one, only the files of the page are served", async () => {
    expect((await ask("/", { signedIn: false })).status).toBe(200);
    expect((await ask("/session", { signedIn: false })).status).toBe(401);
    expect((await post("runs.csv", "{}", {}, false)).status).toBe(401);
    for (const wrong of ["", "a".repeat(43), `${token}x`, token.slice(1)]) {
      expect((await post("runs.csv", "{}", { [TOKEN_HEADER]: wrong }, false)).status).toBe(401);
      expect(await connect({ origin: host.origin }, wrong === "" ? ["ghn-studio"] : ["ghn-studio", wrong])).toContain("401");
    }
    expect((await post("runs.csv", "{}", { cookie: `ghn-studio=${token}; ghn-studio-${host.port}=${token}` }, false)).status).toBe(401);
  });

  test("foreign hosts are refused, whatever they send (DNS rebinding)", async () => {
    for (const name of ["evil.example", `evil.example:${host.port}`, "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.5"])
      expect((await ask("/", { headers: { host: name } })).status, name).toBe(421);
    for (const name of ["localhost:9999", "127.0.0.1", "[::1]:80"]) expect((await ask("/", { headers: { host: name } })).status, name).toBe(200);
  });

  test("calls and events require the page's own origin", async () => {
    const protocols = ["ghn-studio", token];
    for (const origin of ["http://evil.example", "null", "http://localhost:1", `https://127.0.0.1:${host.port}`]) {
      expect((await post("runs.csv", "{}", { origin })).status, origin).toBe(403);
      expect(await connect({ origin }, protocols), origin).toContain("403");
    }
    expect((await ask("/call/runs.csv", { method: "POST", body: "{}", headers: { "content-type": "application/json" } })).status).toBe(403);
    expect(await connect({}, protocols)).toContain("403");
    expect(await connect({ origin: host.origin, host: "evil.example" }, protocols)).toContain("403");
    expect(await connect({ origin: host.origin }, protocols, "/other")).toContain("404");
    expect(await connect({ origin: host.origin }, protocols)).toBe("open");
  });
});

describe("files", () => {
  test("the page comes with a strict policy", async () => {
    const answer = await ask("/");
    expect(answer.status).toBe(200);
    expect(answer.body).toContain("GHN Studio");
    const policy = String(answer.headers["content-security-policy"]);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).not.toContain("unsafe");
    expect(policy).toContain("require-trusted-types-for 'script'");
    expect(answer.headers["x-content-type-options"]).toBe("nosniff");
    expect((await ask("/assets/main-1a2b.js")).headers["cache-control"]).toContain("immutable");
  });

  test.each([
    "/../secret.txt",
    "/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "/assets/../../secret.txt",
    "/..\\secret.txt",
    "/%5c..%5csecret.txt",
    "/link.txt",
    "/.hidden.txt",
    "/notes.exe",
    "/assets",
    "/%00.html",
    "/%zz",
    "//etc/passwd",
    "/C:/x.txt",
  ])("%s is not served", async (path) => {
    const answer = await ask(path);
    expect(answer.status).toBe(404);
    expect(answer.body).not.toContain("secret");
  });
});

describe("downloads", () => {
  test("an address works once, names the file and needs nothing else", async () => {
    const file = join(folder, "Gewichte (é).txt");
    await writeFile(file, "weights");
    const address = `/${tickets.offer(file)}`;
    const answer = await ask(address, { signedIn: false });
    expect([answer.status, answer.body]).toEqual([200, "weights"]);
    expect(answer.headers["content-disposition"]).toBe(`attachment; filename="Gewichte____.txt"; filename*=UTF-8''Gewichte%20%28%C3%A9%29.txt`);
    expect((await ask(address)).status).toBe(404);
    expect((await ask("/download/x")).status).toBe(404);
    await writeFile(join(folder, "empty"), "");
    expect((await ask(`/${tickets.offer(join(folder, "empty"))}`)).body).toBe("");
    expect((await ask(`/${tickets.offer(folder)}`)).status).toBe(404);
    expect((await ask(`/${tickets.offer(join(folder, "gone"))}`)).status).toBe(404);
  });
});

describe("calls", () => {
  test("are answered, and malformed ones are refused without affecting the host", async () => {
    expect(await post("runs.csv", "{}").then((answer) => [answer.status, JSON.parse(answer.body)])).toEqual([200, { ok: true, value: { csv: "id,name\r\n" } }]);
    expect(JSON.parse((await post("no.such", "{}")).body)).toMatchObject({ ok: false, error: { code: "call-unknown" } });
    expect(JSON.parse((await post("%zz", "{}")).body)).toMatchObject({ ok: false, error: { code: "call-unknown" } });
    expect(JSON.parse((await post("runs.get", '{"runId":"../x"}')).body)).toMatchObject({ ok: false, error: { code: "call-invalid" } });
    expect((await post("runs.csv", "{broken")).status).toBe(400);
    expect((await post("runs.csv", "")).status).toBe(400);
    expect((await post("runs.csv", "{}", { "content-type": "text/plain" })).status).toBe(415);
    expect((await ask("/call/runs.csv")).status).toBe(405);
    expect((await ask("/", { method: "DELETE" })).status).toBe(405);
    expect((await post("runs.csv", JSON.stringify("x".repeat(9 * 2 ** 20)))).status).toBe(413);
    expect((await post("runs.csv", "{}")).status).toBe(200);
  });

  test.each(["announced", "chunked"] as const)(
    "a sender that reads only when all was sent gets the answer instead of a reset connection (%s)",
    async (kind) => {
      const block = Buffer.alloc(40 * 2 ** 20, " ");
      const length = kind === "announced" ? `Content-Length: ${block.length}` : "Transfer-Encoding: chunked";
      const head = `POST /call/runs.csv HTTP/1.1\r\nHost: 127.0.0.1:${host.port}\r\nOrigin: ${host.origin}\r\n${TOKEN_HEADER}: ${token}\r\nContent-Type: application/json\r\n${length}\r\n\r\n`;
      const answer = await new Promise<string>((resolve, reject) => {
        let text = "";
        const socket = createConnection(host.port, "127.0.0.1", () => {
          socket.write(kind === "announced" ? head : `${head}${block.length.toString(16)}\r\n`);
          socket.write(block, (error) => {
            if (error) return;
            if (kind === "chunked") socket.write("\r\n0\r\n\r\n");
            socket.setEncoding("utf8").on("data", (part: string) => (text += part));
          });
        });
        socket.on("error", reject);
        socket.on("close", () => resolve(text));
      });
      expect(answer).toMatch(/^HTTP\/1\.1 413 /);
      expect(answer).toContain("The argument of the call is too large.");
    },
  );

  test("headers that are too large are refused in words", async () => {
    const answer = await ask(`/call/${"x".repeat(20_000)}`, { method: "POST", body: "{}" });
    expect([answer.status, answer.body]).toEqual([431, "The request was not answered: 431 Request Header Fields Too Large."]);
  });
});

describe("the bridge of the page", () => {
  async function bridgeTo(target: WebHost, link?: string): Promise<ReturnType<typeof createWebBridge>> {
    return pageSession(target.base, link ?? target.link()).then(({ bridge }) => bridge);
  }

  test("makes calls, and receives only events of the runs it subscribed to", async () => {
    const bridge = await bridgeTo(host);
    const before = session.sinks.size;
    expect(await bridge.call("runs.csv", {})).toEqual({ ok: true, value: { csv: "id,name\r\n" } });
    const seen: string[] = [];
    bridge.on("run.live", ({ runId }) => seen.push(`live ${runId}`));
    bridge.on("run.removed", ({ runId }) => seen.push(`removed ${runId}`));
    bridge.subscribe(["a"]);
    await vi.waitFor(() => expect([...session.sinks].some((sink) => sink.wants("a"))).toBe(true));
    const empty = { metrics: [], cursor: 1, progress: null, candidates: [], trainings: [], logs: [], current: null };
    session.emit({ name: "run.live", payload: { runId: "b", ...empty } });
    session.emit({ name: "run.live", payload: { runId: "a", ...empty } });
    session.emit({ name: "run.removed", payload: { runId: "c" } });
    await vi.waitFor(() => expect(seen).toEqual(["live a", "removed c"]));
    expect(bridge.pathOf({})).toBeNull();
    expect(session.sinks.size).toBeGreaterThanOrEqual(before);
  });

  test("reconnects after the host was restarted and the page signed in again", async () => {
    const second = testSession({}, log);
    const start = (port: number): Promise<WebHost> => startWebHost({ session: second, rendererFolder: join(folder, "site"), port, log, pingMs: 50 });
    let target = await start(0);
    const { port } = target;
    const page = await pageSession(target.base, target.link());
    const { bridge } = page;
    const states: (string | null)[] = [];
    bridge.onConnection(() => states.push(bridge.outage));
    bridge.subscribe(["r"]);
    await vi.waitFor(() => expect([...second.sinks].some((sink) => sink.wants("r"))).toBe(true));
    await target.close();
    await vi.waitFor(() => expect(bridge.outage).toBe("stopped"));
    expect(second.sinks.size).toBe(0);
    expect(await bridge.call("runs.csv", {})).toMatchObject({ ok: false, error: { code: "offline" } });
    target = await start(port);
    await vi.waitFor(() => expect(bridge.outage).toBe("signed-out"), 5000);
    expect(await bridge.call("runs.csv", {})).toMatchObject({ ok: false, error: { code: "token", message: expect.stringContaining("restarted") } });
    expect(await page.session.signIn(target.link())).toBeNull();
    await vi.waitFor(() => expect([...second.sinks].some((sink) => sink.wants("r"))).toBe(true), 5000);
    expect(states).toEqual(["stopped", "signed-out", null]);
    expect(await bridge.call("runs.csv", {})).toMatchObject({ ok: true });
    await target.close();
  });

  test("reconnects by itself when only the connection was lost", async () => {
    const second = testSession({}, log);
    const target = await startWebHost({ session: second, rendererFolder: join(folder, "site"), port: 0, log, pingMs: 50 });
    const page = await pageSession(target.base, target.link());
    await vi.waitFor(() => expect(second.sinks.size).toBe(1));
    const states: (string | null)[] = [];
    page.bridge.onConnection(() => states.push(page.bridge.outage));
    page.dropConnection();
    await vi.waitFor(() => expect(states).toEqual(["unreachable", null]), 5000);
    await target.close();
  });

  test("a connection that sends nonsense is closed without affecting the host", async () => {
    const headers = { origin: host.origin };
    for (const nonsense of ["{", "[]", '{"type":"subscribe","runIds":"all"}', Buffer.from([1, 2, 3])]) {
      const code = await new Promise<number>((resolve) => {
        const socket = new WebSocket(`ws://127.0.0.1:${host.port}/events`, ["ghn-studio", token], { headers });
        socket.on("open", () => socket.send(nonsense));
        socket.on("close", (reason) => resolve(reason));
      });
      expect(code).toBe(1008);
    }
    expect((await ask("/")).status).toBe(200);
  });
});

test("a connection that sends no request is closed without a word: a browser would take it for the response to its next call", async () => {
  const target = await startWebHost({ session, rendererFolder: folder, port: 0, log, headersMs: 200 });
  /** All that the host sends on a connection that sends only this, until it closes the connection. */
  const received = (sent: string): Promise<string> =>
    new Promise((resolve, reject) => {
      let text = "";
      const socket = createConnection(target.port, "127.0.0.1", () => socket.write(sent));
      socket.setEncoding("utf8");
      socket.on("data", (part: string) => (text += part));
      socket.on("error", reject);
      socket.on("close", () => resolve(text));
    });
  expect(await received("")).toBe("");
  expect(await received("POST /call/runs.list HTTP/1.1\r\nHost: 127")).toMatch(/^HTTP\/1\.1 408 /);
  expect(await received("nonsense\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
  await target.close();
});

test("a port in use is reported with a message", async () => {
  await expect(startWebHost({ session, rendererFolder: folder, port: host.port, log })).rejects.toMatchObject({ code: "port-taken" });
});
