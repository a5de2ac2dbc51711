/** Progress of a dataset task: a bar on a terminal, a line at intervals elsewhere. */
import cliProgress from "cli-progress";
import { bytes, duration, plainSpaces, whole } from "../../../src-shared/analysis/format.ts";
import type { DatasetProgress } from "../../engine/datasets/images/types.ts";
import type { Io } from "./io.ts";

/** Seconds between two lines without a terminal. */
const LINE_EVERY_S = 5;

const PHASES: Readonly<Record<DatasetProgress["phase"], string>> = {
  download: "Downloading",
  check: "Checking",
  unpack: "Unpacking",
  read: "Reading",
  decode: "Decoding",
};

export class TaskProgress {
  private readonly io: Io;
  private bar: cliProgress.SingleBar | null = null;
  private barTitle = "";
  private lastLine = Number.NEGATIVE_INFINITY;
  private startedAt = performance.now();
  private startDone = 0;

  constructor(io: Io) {
    this.io = io;
  }

  report = (progress: DatasetProgress): void => {
    const title = `${PHASES[progress.phase]} ${progress.what}`;
    if (title !== this.barTitle) this.begin(title, progress);
    const amount = progress.unit === "bytes" ? bytes : whole;
    const share = progress.total === null ? amount(progress.done) : `${amount(progress.done)} of ${amount(progress.total)}`;
    const text = plainSpaces(`${share}${this.timeLeft(progress)}`);
    if (this.io.interactive && progress.total !== null) {
      this.bar?.setTotal(progress.total);
      this.bar?.update(progress.done, { title, text });
      return;
    }
    const now = performance.now() / 1000;
    if (now - this.lastLine < LINE_EVERY_S) return;
    this.lastLine = now;
    this.io.note(`${title}: ${share}${this.timeLeft(progress)}`);
  };

  end(): void {
    this.bar?.stop();
    this.bar = null;
  }

  private begin(title: string, progress: DatasetProgress): void {
    this.end();
    this.barTitle = title;
    this.startedAt = performance.now();
    this.startDone = progress.done;
    this.lastLine = Number.NEGATIVE_INFINITY;
    if (!this.io.interactive || progress.total === null) return;
    this.bar = new cliProgress.SingleBar(
      { format: "{bar} {percentage} % | {title} | {text}", barsize: 24, hideCursor: true, stream: process.stderr },
      cliProgress.Presets.shades_classic,
    );
    this.bar.start(progress.total, progress.done, { title, text: "" });
  }

  private timeLeft(progress: DatasetProgress): string {
    const seconds = (performance.now() - this.startedAt) / 1000;
    const gained = progress.done - this.startDone;
    if (progress.total === null || gained <= 0 || seconds < 1) return "";
    return `, ${duration(((progress.total - progress.done) * seconds) / gained)} left`;
  }
}
