/** The version of the studio lies with the configuration, where runs find it too. */
export { packageVersion } from "../config/version.ts";
