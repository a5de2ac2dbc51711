/** What the system reports about the processor's caches, which oneDNN uses to size its blocks. */
import { existsSync } from "node:fs";

const CACHES = "/sys/devices/system/cpu/cpu0/cache/index0";

/**
 * True on Linux machines that do not report the processor's caches, as some virtual machines do. There, oneDNN's AVX-512 kernel for the filter gradient of
 * convolutions writes beyond its buffer (seen with TensorFlow 2.21 on an AMD EPYC), and the process crashes soon after. Its AVX2 kernels are correct and equally fast.
 *
 * @param file a file that exists where caches are reported
 */
export function cachesAreHidden(platform: NodeJS.Platform = process.platform, arch: string = process.arch, file: string = CACHES): boolean {
  return platform === "linux" && arch === "x64" && !existsSync(file);
}
