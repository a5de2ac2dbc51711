import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

import { create } from "tar";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { openDataset } from "../../../src-main/engine/datasets/access/open.ts";
import type { DatasetProgress } from "../../../src-main/engine/datasets/images/types.ts";
import { type DownloadOptions, downloadDataset } from "../../../src-main/engine/datasets/install/download.ts";
import { CATALOG } from "../../../src-main/engine/datasets/official/catalog.ts";
import { cifarBytes, idxBytes, put, temporaryFolder, userErrorOf } from "./support/helpers.ts";

let archive = Buffer.alloc(0);
const md5 = (bytes: Uint8Array): string => createHash("md5").update(bytes).digest("hex");

beforeAll(async () => {
  const { mkdtemp, rm } = await import("node:fs/promises");
  const { tmpdir } = await import("node:os");
  const folder = await mkdtemp(join(tmpdir(), "ghn-archive-"));
  for (const name of ["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"]) {
    await put(join(folder, "cifar-10-batches-bin", name), cifarBytes(100, 1, 10, name));
  }
  await put(join(folder, "cifar-10-batches-bin", "test_batch.bin"), cifarBytes(50, 1, 10, "test"));
  await create({ file: join(folder, "a.tar.gz"), gzip: true, cwd: folder }, ["cifar-10-batches-bin"]);
  archive = await readFile(join(folder, "a.tar.gz"));
  await rm(folder, { recursive: true });
  // Large enough for every break below to happen in the middle.
  expect(archive.length).toBeGreaterThan(1_500_000);
});

interface Seen {
  readonly range: string | undefined;
  readonly encoding: string | undefined;
}

/** A real server on loopback; `answer` gets the number of the request, from 1. */
async function serve(answer: (n: number, request: IncomingMessage, response: ServerResponse) => void): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    seen.push({ range: request.headers.range, encoding: request.headers["accept-encoding"] as string | undefined });
    answer(seen.length, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/cifar-10-binary.tar.gz`, seen };
}

/** Sends the archive, honouring Range, and cuts the connection after `bytes` of this answer. */
function send(request: IncomingMessage, response: ServerResponse, { cutAfter = Infinity, ranges = true, body = archive } = {}): void {
  const from = ranges ? Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0) : 0;
  const rest = body.subarray(from);
  if (from > 0)
    response.writeHead(206, { "content-length": rest.length, "content-range": `bytes ${String(from)}-${String(body.length - 1)}/${String(body.length)}` });
  else response.writeHead(200, { "content-length": rest.length });
  if (cutAfter >= rest.length) response.end(rest);
  else response.write(rest.subarray(0, cutAfter), () => response.socket?.destroy());
}

function options(urls: readonly string[], extra: Partial<DownloadOptions> = {}): DownloadOptions {
  const [official] = CATALOG.cifar10.files;
  return { files: [{ name: official?.name ?? "", bytes: archive.length, md5: md5(archive), urls }], retryDelayMs: 0, ...extra };
}

const part = (dataRoot: string): string => join(dataRoot, ".downloads", "cifar10", "cifar-10-binary.tar.gz.part");

describe("downloadDataset", () => {
  it("fetches, checks, unpacks and opens; leaves nothing else", async () => {
    const dataRoot = await temporaryFolder();
    const { url, seen } = await serve((_, request, response) => {
      send(request, response);
    });
    const progress: DatasetProgress[] = [];
    const description = await downloadDataset("cifar10", dataRoot, options([url], { onProgress: (p) => progress.push(p) }));
    expect([description.trainCount, description.testCount]).toEqual([500, 50]);
    expect(await readdir(dataRoot)).toEqual([".downloads", "cifar10"]);
    expect(await readdir(join(dataRoot, ".downloads"))).toEqual([]);
    expect((await openDataset({ id: "cifar10" }, { dataRoot })).fingerprint).toBe(description.fingerprint);
    expect(seen).toEqual([{ range: undefined, encoding: "identity" }]);
    const bytes = progress.filter((p) => p.phase === "download");
    expect(bytes.at(-1)).toEqual({ phase: "download", what: "cifar-10-binary.tar.gz", done: archive.length, total: archive.length, unit: "bytes" });
    expect(progress.map((p) => p.phase)).toEqual(expect.arrayContaining(["check", "unpack"]));
  });

  it("does not fetch what is there and complete", async () => {
    const dataRoot = await temporaryFolder();
    for (const [name, count] of [
      ["train", 60_000],
      ["t10k", 10_000],
    ] as const) {
      await put(join(dataRoot, "mnist", `${name}-images-idx3-ubyte`), idxBytes([count, 28, 28], new Uint8Array(count * 784)));
      await put(join(dataRoot, "mnist", `${name}-labels-idx1-ubyte`), idxBytes([count], new Uint8Array(count)));
    }
    const { url, seen } = await serve((_, request, response) => {
      send(request, response);
    });
    expect((await downloadDataset("mnist", dataRoot, options([url]))).trainCount).toBe(60_000);
    expect(seen).toHaveLength(0);
    expect(await readdir(dataRoot)).toEqual(["mnist"]);
  });

  it("continues by Range after the connection drops, again and again", async () => {
    const dataRoot = await temporaryFolder();
    const { url, seen } = await serve((n, request, response) => {
      send(request, response, n <= 6 ? { cutAfter: 200_000 } : {});
    });
    expect((await downloadDataset("cifar10", dataRoot, options([url]))).trainCount).toBe(500);
    expect(seen[0]?.range).toBeUndefined();
    const starts = seen.slice(1).map(({ range }) => Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1]));
    expect(starts).toHaveLength(6);
    starts.forEach((start, i) => {
      expect(start).toBeGreaterThan(starts[i - 1] ?? 0);
    });
  });

  it("restarts at a server without Range, and gives up on one that makes no progress", async () => {
    const dataRoot = await temporaryFolder();
    const patient = await serve((n, request, response) => {
      send(request, response, { ranges: false, cutAfter: n === 1 ? 400_000 : Infinity });
    });
    expect((await downloadDataset("cifar10", dataRoot, options([patient.url]))).trainCount).toBe(500);
    expect(patient.seen).toHaveLength(2);
    const hopeless = await serve((_, request, response) => {
      send(request, response, { ranges: false, cutAfter: 300_000 });
    });
    const error = await userErrorOf(downloadDataset("cifar10", await temporaryFolder(), options([hopeless.url])));
    expect(error.code).toBe("download-failed");
    expect(error.message).toContain("is kept");
    expect(hopeless.seen.length).toBeLessThan(8);
  });

  it("keeps what has arrived when cancelled, and continues there the next time", async () => {
    const dataRoot = await temporaryFolder();
    const half = archive.length >> 1;
    const { url, seen } = await serve((n, request, response) => {
      if (n > 1) send(request, response);
      else {
        response.writeHead(200, { "content-length": archive.length });
        // The rest never comes: only the signal ends this.
        response.write(archive.subarray(0, half));
      }
    });
    const control = new AbortController();
    const call = downloadDataset(
      "cifar10",
      dataRoot,
      options([url], {
        signal: control.signal,
        onProgress: ({ phase, done }) => {
          if (phase === "download" && done > 0) control.abort(new Error("cancelled by the user"));
        },
      }),
    );
    await expect(call).rejects.toThrow("cancelled by the user");
    const kept = (await readFile(part(dataRoot))).length;
    expect(kept).toBeGreaterThan(0);
    expect(await readdir(dataRoot)).toEqual([".downloads"]);
    expect((await downloadDataset("cifar10", dataRoot, options([url]))).trainCount).toBe(500);
    expect(seen[1]?.range).toBe(`bytes=${String(kept)}-`);
  });

  it("treats a silent connection as broken", async () => {
    const { url, seen } = await serve((n, request, response) => {
      if (n > 1) send(request, response);
      else {
        response.writeHead(200, { "content-length": archive.length });
        response.write(archive.subarray(0, 1000));
      }
    });
    expect((await downloadDataset("cifar10", await temporaryFolder(), options([url], { idleTimeoutMs: 150 }))).trainCount).toBe(500);
    expect(seen).toHaveLength(2);
  });

  it("refuses a wrong file, names both checksums, keeps nothing of it, and tries the next mirror", async () => {
    const wrong = Buffer.from(archive);
    wrong[5000] = (wrong[5000] ?? 0) ^ 1;
    const bad = await serve((_, request, response) => {
      send(request, response, { body: wrong });
    });
    const good = await serve((_, request, response) => {
      send(request, response);
    });
    const dataRoot = await temporaryFolder();
    const error = await userErrorOf(downloadDataset("cifar10", dataRoot, options([bad.url])));
    expect(error.message).toContain(md5(wrong));
    expect(error.message).toContain(md5(archive));
    expect(bad.seen).toHaveLength(1);
    expect(await readdir(join(dataRoot, ".downloads", "cifar10"))).toEqual([]);
    expect((await downloadDataset("cifar10", dataRoot, options([bad.url, good.url]))).trainCount).toBe(500);
  });

  it("discards a resumed mixture and downloads the whole file", async () => {
    const dataRoot = await temporaryFolder();
    await put(part(dataRoot), Buffer.alloc(100_000, 7));
    const { url, seen } = await serve((_, request, response) => {
      send(request, response);
    });
    expect((await downloadDataset("cifar10", dataRoot, options([url]))).trainCount).toBe(500);
    expect(seen.map(({ range }) => range)).toEqual(["bytes=100000-", undefined]);
  });

  it("copes with answers that do not fit the Range asked for", async () => {
    for (const answer of [
      (response: ServerResponse) => {
        response.writeHead(416, { "content-range": `bytes */${String(archive.length)}` }).end();
      },
      (response: ServerResponse) => {
        response.writeHead(206, { "content-range": `bytes 0-9/${String(archive.length)}`, "content-length": 10 }).end(archive.subarray(0, 10));
      },
    ]) {
      const dataRoot = await temporaryFolder();
      await put(part(dataRoot), archive.subarray(0, 5000));
      const { url, seen } = await serve((n, request, response) => {
        if (n === 1) answer(response);
        else send(request, response);
      });
      expect((await downloadDataset("cifar10", dataRoot, options([url]))).trainCount).toBe(500);
      expect(seen.map(({ range }) => range)).toEqual(["bytes=5000-", undefined]);
    }
    // Complete already; only its final name is missing.
    const dataRoot = await temporaryFolder();
    await put(part(dataRoot), archive);
    const { url, seen } = await serve((_, request, response) => {
      send(request, response);
    });
    expect((await downloadDataset("cifar10", dataRoot, options([url]))).trainCount).toBe(500);
    expect(seen).toHaveLength(0);
  });

  it("goes on to the next mirror after 404, retries after 503, and stops an endless answer", async () => {
    const gone = await serve((_, _request, response) => {
      response.writeHead(404).end("no");
    });
    const busy = await serve((n, request, response) => {
      if (n === 1) response.writeHead(503).end();
      else send(request, response);
    });
    expect((await downloadDataset("cifar10", await temporaryFolder(), options([gone.url, busy.url]))).trainCount).toBe(500);
    expect([gone.seen.length, busy.seen.length]).toEqual([1, 2]);
    const endless = await serve((_, _request, response) => {
      response.writeHead(200);
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
      };
      response.on("drain", more);
      more();
    });
    const dataRoot = await temporaryFolder();
    const error = await userErrorOf(downloadDataset("cifar10", dataRoot, options([gone.url, endless.url])));
    expect(error.message).toContain("answered 404");
    expect(error.message).toContain("more than");
    expect(await readdir(join(dataRoot, ".downloads", "cifar10"))).toEqual([]);
    const nobody = await userErrorOf(downloadDataset("cifar10", await temporaryFolder(), options(["http://127.0.0.1:9/x"])));
    expect(nobody.message).toMatch(/broke the connection/);
  });

  it("checks the space first, allows one download at a time, and takes over a dead lock", async () => {
    const dataRoot = await temporaryFolder();
    const { url, seen } = await serve((_, request, response) => {
      send(request, response);
    });
    const full = await userErrorOf(downloadDataset("cifar10", dataRoot, options([url], { freeBytes: () => Promise.resolve(100e6) })));
    expect(full.code).toBe("disk-full");
    expect(full.message).toContain("has 100 MB free");
    expect(seen).toHaveLength(0);
    const lock = join(dataRoot, ".downloads", "cifar10", "lock");
    await writeFile(lock, String(process.pid));
    expect((await userErrorOf(downloadDataset("cifar10", dataRoot, options([url])))).code).toBe("download-busy");
    // No process has this number: it is beyond the largest one.
    await writeFile(lock, "99999999");
    expect((await downloadDataset("cifar10", dataRoot, options([url]))).trainCount).toBe(500);
    expect((await userErrorOf(downloadDataset("digits", dataRoot))).code).toBe("download-none");
    expect((await userErrorOf(downloadDataset("folder", dataRoot))).code).toBe("download-none");
  });

  it("keeps the dataset that is there when the new one is bad", async () => {
    const dataRoot = await temporaryFolder();
    await put(join(dataRoot, "cifar10", "data_batch_1.bin"), cifarBytes(10));
    await put(join(dataRoot, "cifar10", "test_batch.bin"), cifarBytes(10));
    const noArchive = Buffer.from("not an archive, but with the right checksum");
    const { url } = await serve((_, request, response) => {
      send(request, response, { body: noArchive });
    });
    const files = [{ name: "x.tar.gz", bytes: noArchive.length, md5: md5(noArchive), urls: [url] }];
    expect((await userErrorOf(downloadDataset("cifar10", dataRoot, options([], { files })))).code).toBe("not-a-source");
    expect((await openDataset({ id: "cifar10" }, { dataRoot })).train.count).toBe(10);
    expect((await readdir(dataRoot)).sort()).toEqual([".downloads", "cifar10"]);
  });
});
