/** Displays of a running run: bars on a terminal, lines elsewhere, JSON lines for scripts. */
import cliProgress from "cli-progress";
import { duration, plainSpaces, significant, whole } from "../../../src-shared/analysis/format.ts";
import { isStaged } from "../../../src-shared/domain/config/run-config.ts";
import { printable } from "../../../src-shared/domain/printable.ts";
import type { LogLine, RunProgress, RunStatus, RunSummary } from "../../../src-shared/domain/records/run.ts";
import type { Io } from "./io.ts";
import type { Display } from "./watch.ts";

/** Milliseconds between two lines about one run. */
const LINE_EVERY_MS = 5000;
/** Milliseconds between two lines about the overall progress. */
const OVERALL_EVERY_MS = 30_000;
const JSON_EVERY_MS = 1000;
const BAR_WIDTH = 22;

export function displayFor(io: Io, json: boolean): Display {
  if (json) return new JsonDisplay(io);
  return io.interactive ? new BarDisplay(io) : new LineDisplay(io);
}

/** One bar per stage, with log lines above. */
class BarDisplay implements Display {
  private readonly io: Io;
  private readonly bars: cliProgress.MultiBar;
  private readonly byRun = new Map<string, cliProgress.SingleBar>();

  constructor(io: Io) {
    this.io = io;
    this.bars = new cliProgress.MultiBar(
      {
        format: "{bar} {percentage} % | {text}",
        barsize: BAR_WIDTH,
        hideCursor: true,
        clearOnComplete: false,
        stream: process.stderr,
        linewrap: false,
        gracefulExit: false,
        fps: 8,
        autopadding: true,
      },
      cliProgress.Presets.shades_classic,
    );
  }

  status(run: RunSummary): void {
    const bar = this.byRun.get(run.id);
    if (bar === undefined || run.status === "running" || run.status === "queued") return;
    if (run.status === "completed") bar.update(bar.getTotal(), { text: printable(plainSpaces(`${run.name}: done in ${duration(run.activeSeconds)}`)) });
    else bar.update({ text: printable(`${run.name}: ${run.status}`) });
  }

  progress(run: RunSummary): void {
    const { progress } = run;
    if (progress === null || progress.totalSteps <= 0) return;
    const text = plainSpaces(
      isStaged(run.kind) ? `All stages${progress.secondsLeft === undefined ? "" : `, about ${duration(progress.secondsLeft)} left`}` : progressText(progress),
    );
    const bar = this.byRun.get(run.id);
    if (bar === undefined) {
      this.byRun.set(run.id, this.bars.create(progress.totalSteps, progress.step, { text }));
      return;
    }
    bar.setTotal(progress.totalSteps);
    bar.update(progress.step, { text });
  }

  log(_run: RunSummary, line: LogLine): void {
    if (line.level === "debug") return;
    this.bars.log(`${printable(logText(this.io, line), true)}\n`);
  }

  end(): void {
    this.bars.stop();
  }
}

/** A line for each change, and progress lines at intervals. */
class LineDisplay implements Display {
  private readonly io: Io;
  private readonly last = new Map<string, number>();
  private readonly startedAt = performance.now();

  constructor(io: Io) {
    this.io = io;
  }

  status(run: RunSummary): void {
    if (run.status === "queued") return;
    this.say(
      `${run.name}: ${STATUS_WORDS[run.status] ?? run.status}${run.status === "completed" && run.activeSeconds > 0 ? ` in ${duration(run.activeSeconds)}` : ""}`,
    );
  }

  progress(run: RunSummary): void {
    const now = performance.now();
    if (run.progress === null || now - (this.last.get(run.id) ?? Number.NEGATIVE_INFINITY) < (isStaged(run.kind) ? OVERALL_EVERY_MS : LINE_EVERY_MS)) return;
    this.last.set(run.id, now);
    const { step, totalSteps, secondsLeft } = run.progress;
    if (isStaged(run.kind)) {
      if (secondsLeft !== undefined) this.say(`All stages: ${Math.floor((100 * step) / Math.max(1, totalSteps))} %, about ${duration(secondsLeft)} left`);
      return;
    }
    const share = totalSteps > 0 ? `step ${whole(step)} of ${whole(totalSteps)} (${Math.floor((100 * step) / totalSteps)} %)` : `step ${whole(step)}`;
    this.say(`${progressText(run.progress, share)}`);
  }

  log(_run: RunSummary, line: LogLine): void {
    if (line.level !== "debug") this.say(logText(this.io, line));
  }

  end(): void {
    this.last.clear();
  }

  private say(text: string): void {
    const seconds = Math.round((performance.now() - this.startedAt) / 1000);
    this.io.note(`[${String(Math.floor(seconds / 60)).padStart(2, "0")}:${String(seconds % 60).padStart(2, "0")}] ${text}`);
  }
}

/** Events on stdout, one JSON document per line. */
class JsonDisplay implements Display {
  private readonly io: Io;
  private readonly last = new Map<string, number>();

  constructor(io: Io) {
    this.io = io;
  }

  status(run: RunSummary): void {
    this.io.json({ event: "status", runId: run.id, name: run.name, kind: run.kind, stage: run.stage, status: run.status, failure: run.failure });
  }

  progress(run: RunSummary): void {
    const now = performance.now();
    if (now - (this.last.get(run.id) ?? Number.NEGATIVE_INFINITY) < JSON_EVERY_MS) return;
    this.last.set(run.id, now);
    this.io.json({ event: "progress", runId: run.id, ...run.progress });
  }

  log(run: RunSummary, line: LogLine): void {
    this.io.json({ event: "log", runId: run.id, time: line.time, level: line.level, text: line.text });
  }

  end(): void {
    this.last.clear();
  }
}

const STATUS_WORDS: Readonly<Partial<Record<RunStatus, string>>> = { running: "started", stopping: "stopping, saving a checkpoint", completed: "done" };

/** "Training the GHN, step 12 of 300 (4 %), 950 images/s, 2 min 10 s left" */
function progressText(progress: RunProgress, share = ""): string {
  return [
    progress.phase,
    ...(share === "" ? [] : [share]),
    ...(progress.imagesPerSecond === undefined ? [] : [`${significant(progress.imagesPerSecond, 3)} images/s`]),
    ...(progress.secondsLeft === undefined ? [] : [`${duration(progress.secondsLeft)} left`]),
  ].join(", ");
}

function logText(io: Io, line: LogLine): string {
  if (line.level === "info") return line.text;
  return `${io.noteStyle(line.level === "error" ? "red" : "yellow", `${line.level === "error" ? "Error" : "Warning"}:`)} ${line.text}`;
}
