import { call, studio } from "./studio.ts";

/** Whether files are downloaded from the host; on the desktop they are already on the computer. */
export function hasDownloads(): boolean {
  return studio().host === "web";
}

/** Downloads a file of the host. @throws StudioError if it cannot be read */
export async function downloadFile(path: string): Promise<void> {
  const offer = await call("system.download", { path });
  if (offer === null) return;
  const link = document.createElement("a");
  link.href = offer.url;
  link.download = "";
  link.click();
}
