import path from "node:path";

/**
 * First digits of the SHA-256 of `own-kernels.cc`; a test compares them. Hard-coded because the bundled application does not contain the source. Each version of the
 * source is compiled to a file of its own, so that older installations keep working.
 */
export const OWN_KERNELS_SOURCE = "87e712a2";

/** Path of the compiled kernels, relative to the folder of the binding's package. */
export const OWN_KERNELS_FILE = path.join("lib", "napi-v8", `ghn_kernels-${OWN_KERNELS_SOURCE}.node`);
