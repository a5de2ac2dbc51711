import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { startWebHost, type WebHost } from "../../../src-main/hosts/web/web-host.ts";
import { createWebBridge } from "../../../src-renderer/bridge/web-bridge.ts";
import { recordingLog, type TestSession, testSession } from "../support/host-support.ts";

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

let folder: string;
let host: WebHost;
let session: TestSession;
const log = recordingLog();

/** A raw request: fetch would not let a test set Host, Origin or a path with dots. */
function ask(
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string; cookie?: boolean; port?: number } = {},
): Promise<Answer> {
  const { method = "GET", headers = {}, body, cookie = true, port = host.port } = options;
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: "127.0.0.1", port, path, method, headers: { ...(cookie ? { cookie: `ghn-studio-${host.port}=${host.token}` } : {}), ...headers } },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (part: string) => (text += part));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

function post(name: string, body: string, extra: Record<string, string> = {}, cookie = true): Promise<Answer> {
  return ask(`/call/${name}`, { method: "POST", body, cookie, headers: { "content-type": "application/json", origin: host.origin, ...extra } });
}

function connect(headers: Record<string, string>, path = "/events"): Promise<string> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${host.port}${path}`, { headers });
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
  host = await startWebHost({ session, rendererFolder: site, port: 0, log, pingMs: 100 });
});

afterAll(async () => {
  await host.close();
  await rm(folder, { recursive: true, force: true });
});

describe("admission", () => {
  test("the first link sets a strict cookie and removes the token from the address", async () => {
    const answer = await ask(new URL(host.url).pathname + new URL(host.url).search, { cookie: false });
    expect(answer.status).toBe(303);
    expect(answer.headers["location"]).toBe("/");
    expect(String(answer.headers["set-cookie"])).toMatch(/^ghn-studio-\d+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
  });

  test("without a token, or with a wrong one, nothing is shown and nothing is done", async () => {
    expect((await ask("/", { cookie: false })).status).toBe(401);
    expect((await ask("/?token=wrong", { cookie: false })).status).toBe(401);
    expect((await ask("/assets/main-1a2b.js", { cookie: false })).status).toBe(401);
    expect((await post("runs.csv", "{}", {}, false)).status).toBe(401);
    expect((await ask("/", { cookie: false, headers: { cookie: `ghn-studio-${host.port}=${"a".repeat(43)}` } })).status).toBe(401);
  });

  test("foreign hosts are refused, whatever they send (DNS rebinding)", async () => {
    for (const name of ["evil.example", `evil.example:${host.port}`, "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.5"])
      expect((await ask("/", { headers: { host: name } })).status, name).toBe(421);
    for (const name of ["localhost:9999", "127.0.0.1", "[::1]:80"]) expect((await ask("/", { headers: { host: name } })).status, name).toBe(200);
  });

  test("calls and events require the page's own origin", async () => {
    const cookie = `ghn-studio-${host.port}=${host.token}`;
    for (const origin of ["http://evil.example", "null", "http://localhost:1", `https://127.0.0.1:${host.port}`]) {
      expect((await post("runs.csv", "{}", { origin })).status, origin).toBe(403);
      expect(await connect({ cookie, origin }), origin).toContain("403");
    }
    expect((await ask("/call/runs.csv", { method: "POST", body: "{}", headers: { "content-type": "application/json" } })).status).toBe(403);
    expect(await connect({ cookie })).toContain("403");
    expect(await connect({ origin: host.origin })).toContain("403");
    expect(await connect({ cookie, origin: host.origin, host: "evil.example" })).toContain("403");
    expect(await connect({ cookie, origin: host.origin }, "/other")).toContain("404");
    expect(await connect({ cookie, origin: host.origin })).toBe("open");
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
    expect(policy).not.toMatch(/unsafe-eval|script-src[^;]*unsafe-inline/);
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
});

describe("the bridge of the page", () => {
  function bridgeTo(target: WebHost): ReturnType<typeof createWebBridge> {
    const cookie = `ghn-studio-${target.port}=${target.token}`;
    return createWebBridge({
      origin: target.origin,
      fetch: (input, init) => fetch(input, { ...init, headers: { ...(init?.headers as Record<string, string>), cookie, origin: target.origin } }),
      createSocket: (url) => new WebSocket(url, { headers: { cookie, origin: target.origin } }) as unknown as globalThis.WebSocket,
    });
  }

  test("makes calls, and receives only events of the runs it subscribed to", async () => {
    const bridge = bridgeTo(host);
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

  test("reconnects after the host was down, subscribes again and reports it", async () => {
    const second = testSession({}, log);
    let target = await startWebHost({ session: second, rendererFolder: join(folder, "site"), port: 0, token: "a-token-of-some-length", log, pingMs: 50 });
    const { port } = target;
    const bridge = bridgeTo(target);
    const states: boolean[] = [];
    bridge.onConnection((connected) => states.push(connected));
    bridge.subscribe(["r"]);
    await vi.waitFor(() => expect([...second.sinks].some((sink) => sink.wants("r"))).toBe(true));
    await target.close();
    await vi.waitFor(() => expect(bridge.connected).toBe(false));
    expect(second.sinks.size).toBe(0);
    expect(await bridge.call("runs.csv", {})).toMatchObject({ ok: false, error: { code: "offline" } });
    target = await startWebHost({ session: second, rendererFolder: join(folder, "site"), port, token: "a-token-of-some-length", log, pingMs: 50 });
    await vi.waitFor(() => expect([...second.sinks].some((sink) => sink.wants("r"))).toBe(true), 5000);
    expect(states).toEqual([false, true]);
    await target.close();
  });

  test("a connection that sends nonsense is closed without affecting the host", async () => {
    const headers = { cookie: `ghn-studio-${host.port}=${host.token}`, origin: host.origin };
    for (const nonsense of ["{", "[]", '{"type":"subscribe","runIds":"all"}', Buffer.from([1, 2, 3])]) {
      const code = await new Promise<number>((resolve) => {
        const socket = new WebSocket(`ws://127.0.0.1:${host.port}/events`, { headers });
        socket.on("open", () => socket.send(nonsense));
        socket.on("close", (reason) => resolve(reason));
      });
      expect(code).toBe(1008);
    }
    expect((await ask("/")).status).toBe(200);
  });
});

test("a port in use is reported with a message", async () => {
  await expect(startWebHost({ session, rendererFolder: folder, port: host.port, log })).rejects.toMatchObject({ code: "port-taken" });
});
