import path from "node:path";

/**
 * First digits of the SHA-256 of `own-kernels.cc`; a test compares them. Written down, because the bundled application has no sources: a changed source is another file, and what an
 * older installation compiled stays.
 */
export const OWN_KERNELS_SOURCE = "87e712a2";

/** Where the compiled kernels lie in the folder of the binding's package. */
export const OWN_KERNELS_FILE = path.join("lib", "napi-v8", `ghn_kernels-${OWN_KERNELS_SOURCE}.node`);
