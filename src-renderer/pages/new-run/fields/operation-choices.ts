import { ANYTIME_OPERATION_FACTS, ANYTIME_OPERATIONS, type AnytimeOperation } from "../../../../src-shared/domain/architecture/anytime.ts";
import { OPERATION_FACTS, OPERATIONS, type OperationFacts, type OperationName } from "../../../../src-shared/domain/architecture/operations.ts";

/** An operation in the form. */
export interface OperationChoice<Name extends string> extends Omit<OperationFacts, "standard" | "genotype"> {
  readonly name: Name;
}

/** The operations of the standard space, in the order of the paper. */
export const CELL_CHOICES: readonly OperationChoice<OperationName>[] = OPERATIONS.map((name) => ({ name, ...OPERATION_FACTS[name] }));

/** The five operations of the anytime space. */
export const ANYTIME_CHOICES: readonly OperationChoice<AnytimeOperation>[] = ANYTIME_OPERATIONS.map((name) => ({ name, ...ANYTIME_OPERATION_FACTS[name] }));
