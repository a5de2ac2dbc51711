/** A training, of any space. */
interface Trained {
  /** Why it diverged; absent if it is usable. */
  readonly divergence?: string | undefined;
}

/** The trainings that are results: those that did not diverge. */
export function usableTrainings<Training extends Trained>(trainings: readonly Training[]): Training[] {
  return trainings.filter(({ divergence }) => divergence === undefined);
}

/** "2 of 5 trainings diverged and are left out of all figures: Cell 1, Cell 4. In 10 steps …"; null if none did. */
export function divergedWords(trainings: readonly (Trained & { readonly name: string })[]): string | null {
  const diverged = trainings.filter(({ divergence }) => divergence !== undefined);
  const [first] = diverged;
  if (first === undefined) return null;
  const names = [...new Set(diverged.map(({ name }) => name))];
  const shown = names.length > MAX_NAMES ? `${names.slice(0, MAX_NAMES).join(", ")} and ${names.length - MAX_NAMES} more` : names.join(", ");
  const count = `${diverged.length} of ${trainings.length} ${trainings.length === 1 ? "training" : "trainings"}`;
  return `${count} diverged and ${diverged.length === 1 ? "is" : "are"} left out of all figures: ${shown}. ${first.divergence}`;
}

const MAX_NAMES = 5;
