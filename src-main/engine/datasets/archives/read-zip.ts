import { crc32 } from "node:zlib";
import yauzl from "yauzl";
import { damaged, unsafe } from "./errors.ts";
import { cleanName, isClutter, SourceGate } from "./gate.ts";
import type { SourceVisitor } from "./visitor.ts";

/** Reads the wanted files of a zip archive in their order. Links are refused, checksums verified. Errors as in `readSource`. */
export async function readZip(path: string, visitor: SourceVisitor): Promise<void> {
  const gate = new SourceGate(path, visitor.limits);
  const zip = await new Promise<yauzl.ZipFile>((resolve, reject) => {
    // yauzl checks sizes while unpacking and refuses names with "..", backslashes or a leading slash.
    yauzl.open(path, { lazyEntries: true, autoClose: false, validateEntrySizes: true }, (error, file) => {
      if (error) reject(damaged(path, error));
      else resolve(file);
    });
  });
  try {
    let done = 0;
    await new Promise<void>((resolve, reject) => {
      zip.on("error", (error: Error) => {
        reject(
          /relative path|absolute path|invalid characters/.test(error.message)
            ? unsafe(path, `an entry leads outside of it (${error.message})`)
            : damaged(path, error),
        );
      });
      zip.on("end", () => {
        resolve();
      });
      zip.on("entry", (entry: yauzl.Entry) => {
        const visit = async (): Promise<void> => {
          visitor.signal?.throwIfAborted();
          const name = cleanName(path, entry.fileName);
          gate.count(name);
          const isLink = ((entry.externalFileAttributes >>> 16) & 0xf000) === 0xa000;
          if (isLink) throw unsafe(path, `its entry "${name}" is a link`);
          if (name === "" && !entry.fileName.endsWith("/")) throw damaged(path, "an entry has no name");
          if (!entry.fileName.endsWith("/") && visitor.wanted(name) && !isClutter(name)) {
            gate.admit(name, entry.uncompressedSize);
            const bytes = await readZipEntry(path, zip, entry);
            done += entry.compressedSize;
            visitor.onBytes?.(done, null);
            await visitor.onEntry({ name, bytes });
          }
          zip.readEntry();
        };
        visit().catch(reject);
      });
      zip.readEntry();
    });
  } finally {
    zip.close();
  }
}

function readZipEntry(path: string, zip: yauzl.ZipFile, entry: yauzl.Entry): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    zip.openReadStream(entry, (error, stream) => {
      if (error) {
        reject(damaged(path, error));
        return;
      }
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => void chunks.push(chunk));
      stream.on("error", (cause: Error) => {
        reject(damaged(path, cause));
      });
      stream.on("end", () => {
        const bytes = Buffer.concat(chunks);
        // yauzl checks sizes, not checksums.
        if (crc32(bytes) === entry.crc32) resolve(bytes);
        else reject(damaged(path, `"${entry.fileName}" does not match its checksum`));
      });
    });
  });
}
