/** A process that opens the project named on its command line, says so, and holds it until it is ended. */
import { openProject } from "../../../src-main/store/project/project.ts";

openProject(process.argv[2] ?? "");
process.send?.("open");
setInterval(() => undefined, 1000);
