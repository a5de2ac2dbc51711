import { join } from "node:path";
import { expect, it } from "vitest";
import { openDatabase } from "../../../src-main/store/database/database.ts";
import { MIGRATIONS } from "../../../src-main/store/database/migrations.ts";
import { type StoreWriter, storeWriter } from "../../../src-main/store/store.ts";
import { msdNetSchema } from "../../../src-shared/domain/architecture/anytime.ts";
import { closing, columns, config, newProject, newRun, temporaryFolder } from "../support/store-support.ts";

const architecture = { normal: { nodes: [{ operation: "sepConv3x3", inputs: [0, 1] }] } } as const;
const training = (name: string, divergence?: string): Parameters<StoreWriter["trainings"]["append"]>[1][number] => ({
  space: "cell",
  candidateId: null,
  name,
  canonical: name,
  architecture: architecture as never,
  role: "none",
  repetition: 0,
  seed: 1,
  epochs: 1,
  parameters: 1,
  multiplyAdds: 1,
  score: null,
  validationAccuracy: 0.5,
  testAccuracy: null,
  trainLoss: 1,
  seconds: 1,
  ...(divergence === undefined ? {} : { divergence }),
});

const MSDNET = msdNetSchema.parse({ kind: "msdnet", exits: 2, base: 1, step: 1, channels: 4, growth: 2, classifierChannels: 4 });

it("lists usable trainings, unless all are asked for", () => {
  const project = newProject();
  const run = newRun(project);
  const { trainings } = project.store;
  trainings.append(run, [training("A"), training("B", "The loss at the end is not finite."), training("C")]);
  expect(trainings.list(run).map(({ name }) => name)).toEqual(["A", "C"]);
  expect(trainings.listAll(run).map(({ name, divergence }) => [name, divergence])).toEqual([
    ["A", undefined],
    ["B", "The loss at the end is not finite."],
    ["C", undefined],
  ]);
  // Positions and live updates count all of them.
  expect(trainings.count(run)).toBe(3);
  expect(trainings.from(run, 1).map(({ name }) => name)).toEqual(["B", "C"]);
});

it("recognises diverged trainings of older projects: those whose loss, in training or on the last validation, was not finite", () => {
  const file = join(temporaryFolder(), "runs.sqlite");
  const old = openDatabase(file, { migrations: MIGRATIONS.filter(({ version }) => version < 6) });
  const store = storeWriter(old);
  const run = store.runs.create({ name: "Old", config: config(), codeVersion: "0" });
  const insert = old.prepare(
    `INSERT INTO trainings (run_id, position, name, canonical, architecture, role, repetition, seed, epochs, parameters, multiply_adds, score, validation_accuracy, test_accuracy, train_loss, seconds)
     VALUES (?, ?, ?, ?, '${JSON.stringify(architecture)}', 'none', 0, 1, 1, 1, 1, NULL, 0.1, NULL, ?, 1)`,
  );
  for (const [position, [name, loss]] of (
    [
      ["Good", 0.5],
      ["No loss", null],
      ["Bad validation", 0.5],
      ["Recovered", 0.5],
    ] as const
  ).entries())
    insert.run(run, position, name, name, loss);
  old
    .prepare(
      `INSERT INTO anytime_trainings (run_id, position, name, canonical, model, role, repetition, seed, epochs, parameters, multiply_adds, exits, max_budget, chance, area, train_loss, seconds)
     VALUES (?, 0, 'Network', 'n', '${JSON.stringify(MSDNET)}', 'none', 0, 1, 1, 1, 1, '[]', 1, 0.1, 0.1, NULL, 1)`,
    )
    .run(run);
  const curve = (series: number, last: number | null): void => {
    // Several pieces per curve; the last point decides.
    store.metrics.append(run, [columns("train/validation-loss", [1, 2, 3], () => 1, series)]);
    store.metrics.append(run, [columns("train/validation-loss", [4, 5], (step) => (step === 5 ? last : null), series)]);
  };
  curve(0, 0.7);
  curve(2, null);
  curve(3, 0.9);
  old.close();

  const { trainings } = storeWriter(closing(openDatabase(file)));
  const reason = "The loss at the end is not finite.";
  expect(trainings.listAll(run).map(({ name, divergence }) => [name, divergence])).toEqual([
    ["Good", undefined],
    ["No loss", reason],
    ["Bad validation", reason],
    ["Recovered", undefined],
  ]);
  expect(trainings.in("anytime").listAll(run)).toMatchObject([{ name: "Network", divergence: reason }]);
  expect(trainings.in("anytime").list(run)).toEqual([]);
});
