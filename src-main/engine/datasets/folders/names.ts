import type { LeftOutReason } from "../../../../src-shared/domain/left-out.ts";

const IMAGES = /\.(png|jpe?g|webp|gif|tiff?|avif)$/i;
/** Images that the decoder cannot read: other raster formats, vector graphics and raw photographs. */
const UNSUPPORTED =
  /\.(bmp|dib|heic|heif|hif|jp2|j2k|jpf|jpx|jxl|jfif|jpe|jif|apng|ico|icns|tga|ppm|pgm|pbm|pnm|pfm|hdr|exr|dds|psd|xcf|pcx|svgz?|dng|cr2|cr3|nef|arw|orf|rw2|raf|raw|dcm|fits?|nii)$/i;

/** Names of files and folders that operating systems, file managers, notebooks and archive tools create. */
const SYSTEM = new Set(
  [
    "__MACOSX",
    ".DS_Store",
    ".AppleDouble",
    ".Spotlight-V100",
    ".Trashes",
    ".fseventsd",
    "Icon\r",
    "Thumbs.db",
    "ehthumbs.db",
    "ehthumbs_vista.db",
    "desktop.ini",
    "$RECYCLE.BIN",
    "System Volume Information",
    "@eaDir",
    "#recycle",
    "@Recycle",
    "@Recently-Snapshot",
    "lost+found",
    ".directory",
    ".ipynb_checkpoints",
    "__pycache__",
  ].map((name) => name.toLowerCase()),
);

/** True for names of files that are decoded. */
export function isImageName(name: string): boolean {
  return IMAGES.test(name);
}

/** Why a file or folder with this name (the last part of its path) is never looked at; null if it may be used. */
export function clutterReason(name: string): "system" | "hidden" | null {
  if (SYSTEM.has(name.toLowerCase()) || name.startsWith("._")) return "system";
  return name.startsWith(".") ? "hidden" : null;
}

/** Why a file with this name, which is not clutter, is not an image of the dataset; null if it is. */
export function fileReason(name: string): "unsupported-image" | "other-type" | null {
  if (isImageName(name)) return null;
  return UNSUPPORTED.test(name) ? "unsupported-image" : "other-type";
}

/** The part of a path that is clutter, as a separate path, with the reason; null if there is none. */
export function clutterIn(path: string): { readonly path: string; readonly reason: LeftOutReason } | null {
  const parts = path.split("/");
  for (const [index, part] of parts.entries()) {
    const reason = clutterReason(part);
    if (reason !== null) return { path: parts.slice(0, index + 1).join("/"), reason };
  }
  return null;
}
