/** Signing in to the web host in a real browser: tabs, browsers, other ports of the computer, a restarted host, a reverse proxy. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Served, startServe } from "../../src-main/hosts/web/serve.ts";
import { createProject } from "../../src-main/store/project/project.ts";
import { launchBrowser, whyNoBrowser } from "./support/chromium.ts";
import { buildPage } from "./support/serve.ts";
import { Visitor } from "./support/visitor.ts";

const reason = whyNoBrowser();
const MAIN = "nav-runs";

/** Waits for the window of an open project. */
async function shown(page: Page): Promise<void> {
  await page.getByTestId(MAIN).waitFor({ timeout: 30_000 });
}

function tokenOf(page: Page): Promise<string> {
  return page.evaluate(() => sessionStorage.getItem("ghn-studio /") ?? "");
}

describe.skipIf(reason !== null)("the session of a page", { timeout: 120_000 }, () => {
  let folder: string;
  let browser: Browser;
  let served: Served;
  let context: BrowserContext;
  const before = process.env["GHN_STUDIO_DATA"];

  const start = (extra: { port?: number; basePath?: string; allowedHosts?: string[] } = {}): Promise<Served> =>
    startServe({ project: join(folder, "project"), roots: [folder], port: 0, ...extra });

  beforeAll(async () => {
    buildPage();
    folder = mkdtempSync(join(tmpdir(), "ghn-session-"));
    process.env["GHN_STUDIO_DATA"] = join(folder, "settings");
    createProject(join(folder, "project"), "Session").close();
    [served, browser] = await Promise.all([start(), launchBrowser()]);
    context = await browser.newContext({ acceptDownloads: true });
  }, 200_000);

  afterAll(async () => {
    await browser?.close();
    await served?.close();
    if (before === undefined) delete process.env["GHN_STUDIO_DATA"];
    else process.env["GHN_STUDIO_DATA"] = before;
    rmSync(folder, { recursive: true, force: true });
  });

  it("survives a reload, reaches further tabs, and leaves no code in the address", async () => {
    const page = await context.newPage();
    await page.goto(served.url);
    await shown(page);
    expect(page.url()).not.toContain("code=");
    await page.reload();
    await shown(page);
    // A bookmark in another tab of the same browser.
    const second = await context.newPage();
    await second.goto(`${served.host.base}#/datasets`);
    await shown(second);
    expect(second.url()).toContain("#/datasets");
    expect(await context.cookies()).toEqual([]);
    expect(await page.evaluate(() => localStorage.length)).toBe(0);
    await second.close();
  });

  it("a used link is refused in words, a new one works in another browser", async () => {
    const other = await browser.newContext();
    const page = await other.newPage();
    await page.goto(served.url);
    const words = page.getByTestId("sign-in-reason");
    await words.waitFor();
    expect(await words.textContent()).toContain("This link has already been used. Each link works once.");
    expect(await words.textContent()).toContain("ghn-studio link");
    await page.getByTestId("sign-in-link").fill("nonsense");
    await page.getByTestId("sign-in-submit").click();
    await expect.poll(() => words.textContent()).toContain("not a link of GHN Studio");
    await page.getByTestId("sign-in-link").fill(served.host.link());
    await page.getByTestId("sign-in-submit").click();
    await shown(page);
    await other.close();
  });

  it("a server on another port of this computer gets no secret from the browser", async () => {
    const seen: string[] = [];
    const spy = createServer((incoming, response) => {
      seen.push(JSON.stringify([incoming.url, incoming.headers]));
      response.setHeader("content-type", "text/html");
      response.end("<script>document.write(document.cookie + localStorage.length + sessionStorage.length)</script>");
    });
    await new Promise<void>((done) => spy.listen(0, "127.0.0.1", done));
    const address = `http://127.0.0.1:${(spy.address() as AddressInfo).port}/`;
    const page = await context.newPage();
    await page.goto(served.host.link());
    await shown(page);
    const token = await tokenOf(page);
    expect(token).toMatch(/^[\w-]{43}$/);
    // In the same tab, in another one, and opened by the window.
    await page.goto(address);
    expect(await page.textContent("body")).toBe("00");
    const beside = await context.newPage();
    await beside.goto(address);
    // Nor can it use the window's rights: the browser sends it nothing and lets it read nothing.
    const stolen = await beside.evaluate(async (base) => {
      const tries = [
        fetch(`${base}call/project.current`, { method: "POST", body: "{}", headers: { "content-type": "application/json" }, credentials: "include" }),
        fetch(`${base}session`, { credentials: "include" }),
        fetch(`${base}call/project.current`, { method: "POST", body: "{}", mode: "no-cors", credentials: "include" }).then((answer) => answer.text()),
      ];
      return (await Promise.allSettled(tries)).map((result) => (result.status === "fulfilled" ? String(result.value) : "failed"));
    }, served.host.base);
    expect(stolen).toEqual(["failed", "failed", "failed"]);
    expect(seen.length).toBeGreaterThanOrEqual(2);
    for (const request of seen) {
      expect(request).not.toContain(token);
      expect(request.toLowerCase()).not.toContain("cookie");
      expect(request).not.toContain("code=");
    }
    spy.closeAllConnections();
    spy.close();
    await Promise.all([page.close(), beside.close()]);
  });

  it("downloads a file with an address that works once", async () => {
    const page = await context.newPage();
    await page.goto(served.host.link());
    await shown(page);
    const file = join(folder, "result.txt");
    writeFileSync(file, "weights");
    const answer = await served.session.call("system.download", { path: file });
    const { url } = (answer.ok ? answer.value : null) as { url: string };
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.evaluate((href) => {
        const anchor = document.createElement("a");
        anchor.href = href;
        anchor.click();
      }, url),
    ]);
    expect(download.suggestedFilename()).toBe("result.txt");
    expect(readFileSync(await download.path(), "utf8")).toBe("weights");
    expect((await fetch(served.host.base + url)).status).toBe(404);
    await page.close();
  });

  it("after a restart, says so, and one new link brings all tabs back to where they were", async () => {
    const { port } = served.host;
    const tabs = [await Visitor.at(browser, served.host.link())];
    const [first] = tabs;
    if (first === undefined) throw new Error("There is no tab.");
    await shown(first.page);
    await first.go("/datasets");
    const second = await first.page.context().newPage();
    await second.goto(`${served.host.base}#/settings`);
    await shown(second);
    await served.close();
    const banner = first.id("reconnect-banner");
    await first.attribute("reconnect-banner", "data-outage", "stopped");
    expect(await banner.textContent()).toContain("Its runs stopped with a checkpoint");
    served = await start({ port });
    await first.attribute("reconnect-banner", "data-outage", "signed-out");
    expect(await banner.textContent()).toContain("GHN Studio was restarted.");
    expect(await banner.textContent()).toContain("ghn-studio link");
    // A bookmark opened now asks for a link and then leads where it should.
    const bookmark = await first.page.context().newPage();
    await bookmark.goto(`${served.host.base}#/help`);
    await bookmark.getByTestId("sign-in").waitFor();
    // The printed link, opened in another tab, signs in all of them.
    const opened = await first.page.context().newPage();
    await opened.goto(served.url);
    await shown(opened);
    await banner.waitFor({ state: "detached" });
    await shown(bookmark);
    expect(bookmark.url()).toContain("#/help");
    await second.getByTestId("reconnect-banner").waitFor({ state: "detached" });
    expect(first.page.url()).toContain("#/datasets");
    expect(second.url()).toContain("#/settings");
    await first.page.reload();
    await shown(first.page);
    await first.page.context().close();
  });

  it("the link can be pasted into the page that lost its connection", async () => {
    const { port } = served.host;
    const visitor = await Visitor.at(browser, served.host.link());
    await shown(visitor.page);
    await served.close();
    served = await start({ port });
    await visitor.attribute("reconnect-banner", "data-outage", "signed-out");
    await visitor.id("sign-in-link").fill(served.url);
    await visitor.click("sign-in-submit");
    await visitor.id("reconnect-banner").waitFor({ state: "detached" });
    await visitor.go("/settings");
    await visitor.page.getByRole("heading", { name: "Settings" }).waitFor();
    await visitor.page.context().close();
  });

  describe("behind a reverse proxy", () => {
    let proxy: Server;
    let target: Served;
    const seen: string[] = [];

    /** Passes requests on to the host as nginx does by default: with its own Host header, and the path as it is or without its prefix. */
    function proxyTo(upstream: () => number, strip: string): Server {
      const headersFor = (incoming: IncomingMessage) => ({ ...incoming.headers, host: `127.0.0.1:${upstream()}`, "x-forwarded-for": "10.0.0.1" });
      const pathFor = (incoming: IncomingMessage): string => {
        seen.push(incoming.url ?? "");
        return `/${(incoming.url ?? "").slice(strip.length)}`;
      };
      const server = createServer((incoming, response) => {
        const outgoing = request(
          { host: "127.0.0.1", port: upstream(), path: pathFor(incoming), method: incoming.method, headers: headersFor(incoming) },
          (answer) => {
            response.writeHead(answer.statusCode ?? 502, answer.headers);
            answer.pipe(response);
          },
        );
        outgoing.on("error", () => response.writeHead(502).end());
        incoming.pipe(outgoing);
      });
      server.on("upgrade", (incoming, socket, head) => {
        const outgoing = request({ host: "127.0.0.1", port: upstream(), path: pathFor(incoming), headers: headersFor(incoming) });
        outgoing.on("upgrade", (answer, upstreamSocket, upstreamHead) => {
          const lines = Object.entries(answer.headers).map(([name, value]) => `${name}: ${String(value)}`);
          socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join("\r\n")}\r\n\r\n`);
          if (upstreamHead.length > 0) socket.write(upstreamHead);
          if (head.length > 0) upstreamSocket.write(head);
          upstreamSocket.pipe(socket).pipe(upstreamSocket);
          for (const end of [socket, upstreamSocket]) end.on("error", () => end.destroy());
        });
        outgoing.on("response", (answer) => socket.end(`HTTP/1.1 ${answer.statusCode ?? 502} No\r\nConnection: close\r\n\r\n`));
        outgoing.on("error", () => socket.destroy());
        outgoing.end();
      });
      return server;
    }

    async function through(strip: string, prefix: string): Promise<void> {
      seen.length = 0;
      proxy = proxyTo(() => target.host.port, strip);
      await new Promise<void>((done) => proxy.listen(0, "127.0.0.1", done));
      // The name of the proxy, as the browser sees it; resolved to this computer by a rule of the browser.
      const address = `http://hub.example.test:${(proxy.address() as AddressInfo).port}${prefix}`;
      const page = await (await outside.newContext()).newPage();
      const broken: string[] = [];
      // Chromium remarks on this header of every page without TLS.
      page.on("console", (message) => message.type() === "error" && !/Cross-Origin-Opener-Policy/.test(message.text()) && broken.push(message.text()));
      page.on("pageerror", (error) => broken.push(error.message));
      await page.goto(`${address}#${new URL(target.host.link()).hash.slice(1)}`);
      await shown(page);
      await page.evaluate(() => {
        location.hash = "#/datasets";
      });
      await page.getByRole("heading", { name: "Datasets" }).waitFor();
      await page.reload();
      await shown(page);
      expect(await page.getByTestId("reconnect-banner").count()).toBe(0);
      expect(seen.some((path) => path.includes("/events"))).toBe(true);
      expect(seen.filter((path) => !path.startsWith(prefix))).toEqual([]);
      expect(broken).toEqual([]);
      await page.context().close();
      proxy.closeAllConnections();
      proxy.close();
    }

    let outside: Browser;
    beforeAll(async () => {
      await served.close();
      outside = await launchBrowser(["--host-resolver-rules=MAP hub.example.test 127.0.0.1"]);
    });
    afterAll(async () => {
      await outside?.close();
      served = await start();
    });

    it("works under a base path that the proxy passes on", async () => {
      target = await start({ basePath: "/user/ada/ghn/", allowedHosts: ["hub.example.test"] });
      await through("/", "/user/ada/ghn/");
      const direct = await fetch(target.host.origin, { redirect: "manual" });
      expect([direct.status, direct.headers.get("location")]).toEqual([308, "/user/ada/ghn/"]);
      await target.close();
    });

    it("works under a base path that the proxy removes", async () => {
      target = await start({ allowedHosts: ["hub.example.test"] });
      await through("/ghn/", "/ghn/");
      await target.close();
    });

    it("is refused without --allowed-host", async () => {
      target = await start();
      proxy = proxyTo(() => target.host.port, "/");
      await new Promise<void>((done) => proxy.listen(0, "127.0.0.1", done));
      const page = await (await outside.newContext()).newPage();
      await page.goto(`http://hub.example.test:${(proxy.address() as AddressInfo).port}/#${new URL(target.host.link()).hash.slice(1)}`);
      await page.getByTestId("sign-in").waitFor();
      proxy.closeAllConnections();
      proxy.close();
      await target.close();
    });
  });
});
