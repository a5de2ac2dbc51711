/** Estimates for windows: measures the device once in a child process and keeps the result; there is no estimate before that. */
import { z } from "zod";
import type { RunConfig } from "../../../src-shared/domain/config/run-config.ts";
import type { RunEstimate } from "../../../src-shared/domain/records/drafts.ts";
import { CATALOG } from "../../engine/datasets/official/catalog.ts";
import { availableMemory, memoryLimit } from "../../lib/memory.ts";
import type { ChildLauncher } from "../../runs/child/launcher.ts";
import type { ProjectServices } from "../services/project-services.ts";
import type { StudioServices } from "../services/studio-services.ts";
import { type Calibration, calibrationSchema } from "./calibration.ts";
import { estimateRun, type ImageFacts } from "./estimate-run.ts";

const answerSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("measured"), calibration: calibrationSchema }),
  z.object({ type: z.literal("failed"), message: z.string() }),
]);

/** Time limit of a measurement, in ms. */
const LIMIT_MS = 180_000;
/** Time between a failed measurement and the next attempt, in ms. */
const RETRY_MS = 600_000;
/** A device is measured again after this many days, since drivers and libraries change. */
const VALID_DAYS = 30;

export class Estimator {
  private readonly launcher: ChildLauncher;
  private readonly measuring = new Map<string, Promise<Calibration | null>>();
  private readonly failedAt = new Map<string, number>();

  /** @param launcher starts calibration-worker */
  constructor(launcher: ChildLauncher) {
    this.launcher = launcher;
  }

  /** The estimate for a valid config; null until the device has been measured, which this starts. */
  async estimate(config: RunConfig, studio: StudioServices, project: ProjectServices | null): Promise<RunEstimate | null> {
    const { backend } = config.compute;
    const calibration = this.known(backend, studio) ?? (await this.measured(backend, studio));
    if (calibration === null) return null;
    const folder = project?.folder ?? null;
    const entry = CATALOG[config.dataset.id];
    const known = await studio.datasets.knownTrainImages(config.dataset, folder);
    const description = entry.shape === null ? await studio.datasets.describe(config.dataset, folder) : null;
    if (description?.problem) return null;
    const images: ImageFacts = {
      input: await studio.datasets.inputOf(config.dataset, folder),
      trainImages: known ?? description?.trainImages ?? entry.trainImages,
      testImages: description?.testImages ?? entry.testImages,
    };
    const estimate = estimateRun(config, images, calibration);
    const free = availableMemory();
    const { bytes, isLimited } = memoryLimit();
    return estimate.memoryBytes > free
      ? {
          ...estimate,
          basis: `${estimate.basis} Only ${(free / 2 ** 30).toFixed(1)} GB of memory are free at the moment${isLimited ? `; this process may use ${(bytes / 2 ** 30).toFixed(1)} GB` : ""}. Choose a smaller batch or fewer channels F.`,
        }
      : estimate;
  }

  private known(backend: string, studio: StudioServices): Calibration | null {
    const parsed = calibrationSchema.safeParse(studio.settings.get(keyOf(backend)));
    if (!parsed.success) return null;
    return Date.now() - Date.parse(parsed.data.measuredAt) < VALID_DAYS * 86_400_000 ? parsed.data : null;
  }

  private measured(backend: string, studio: StudioServices): Promise<Calibration | null> {
    const failedAt = this.failedAt.get(backend);
    if (failedAt !== undefined && Date.now() - failedAt < RETRY_MS) return Promise.resolve(null);
    const before = this.measuring.get(backend);
    if (before !== undefined) return before;
    const measuring = this.measure(backend)
      .then((calibration) => {
        studio.settings.set(keyOf(backend), calibration);
        studio.log.info(`This device was measured: ${calibration.device}, ${calibration.library}.`);
        return calibration;
      })
      .catch((error: unknown) => {
        this.failedAt.set(backend, Date.now());
        studio.log.warning("This device could not be measured.", String(error));
        return null;
      })
      .finally(() => this.measuring.delete(backend));
    this.measuring.set(backend, measuring);
    return measuring;
  }

  private measure(backend: string): Promise<Calibration> {
    return new Promise((resolve, reject) => {
      const child = this.launcher.launch({ GHN_STUDIO_CALIBRATE: backend });
      let output = "";
      const timer = setTimeout(() => {
        child.kill();
        reject(new Error("The measurement timed out."));
      }, LIMIT_MS);
      child.onOutput((text) => {
        output = (output + text).slice(-4000);
      });
      child.onMessage((message) => {
        const answer = answerSchema.safeParse(message);
        if (!answer.success) return;
        if (answer.data.type === "measured") resolve(answer.data.calibration);
        else reject(new Error(answer.data.message));
      });
      child.onExit(({ code, signal }) => {
        clearTimeout(timer);
        reject(new Error(`The measuring process ended with ${signal ?? code}. ${output}`));
      });
    });
  }
}

function keyOf(backend: string): string {
  return `host.calibration.${backend}`;
}
