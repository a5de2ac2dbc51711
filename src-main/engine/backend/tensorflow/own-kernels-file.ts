import path from "node:path";

/**
 * First digits of the SHA-256 of the files in `own-kernels/`, in alphabetical order; a test compares them. Hard-coded because the bundled application does not contain the sources. Each version of the
 * sources is compiled to a separate file, so that older installations keep working.
 */
export const OWN_KERNELS_SOURCE = "757184a1";

/** Path of the compiled kernels, relative to the folder of the binding's package. */
export const OWN_KERNELS_FILE = path.join("lib", "napi-v8", `ghn_kernels-${OWN_KERNELS_SOURCE}.node`);
