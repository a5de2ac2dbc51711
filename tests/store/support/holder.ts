/** A process that opens the project named on its command line, reports that, and holds it until it is terminated. */
import { openProject } from "../../../src-main/store/project/project.ts";

openProject(process.argv[2] ?? "");
process.send?.("open");
setInterval(() => undefined, 1000);
