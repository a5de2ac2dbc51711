/** What the system tells about the processor's caches, which oneDNN divides its work by. */
import { existsSync } from "node:fs";

const CACHES = "/sys/devices/system/cpu/cpu0/cache/index0";

/**
 * True on a Linux machine whose processor hides its caches, as some virtual machines do. There oneDNN's AVX-512 kernel for the filter gradient of convolutions (seen with
 * TensorFlow 2.21 on an AMD EPYC) writes behind its buffers, and the process dies soon after; its AVX2 kernels are right and take the same time.
 *
 * @param file a file that is there where caches are known
 */
export function cachesAreHidden(platform: NodeJS.Platform = process.platform, arch: string = process.arch, file: string = CACHES): boolean {
  return platform === "linux" && arch === "x64" && !existsSync(file);
}
