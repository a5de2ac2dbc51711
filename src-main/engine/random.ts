import { createHash } from "node:crypto";

import { UserError } from "../lib/errors.ts";

/** A generator's whole state as plain JSON; {@link Rng.fromState} continues from it draw for draw. */
export interface RngState {
  readonly algorithm: "xoshiro128**";
  /** The four 32-bit words of the generator, as unsigned integers, not all zero. */
  readonly words: readonly [number, number, number, number];
  /** Second value of the last pair of normal deviates, if it has not been returned yet. */
  readonly spareNormal: number | null;
}

const TWO_TO_32 = 4294967296;
const TWO_TO_26 = 67108864;
const TWO_TO_MINUS_53 = 1 / 9007199254740992;

/**
 * The project's only source of randomness: seeded, splittable, and serialisable at any point of a sequence.
 *
 * xoshiro128** 1.1 by Blackman and Vigna (https://prng.di.unimi.it/xoshiro128starstar.c): 128 bits of state, period 2^128 - 1.
 * Seeds and purposes are hashed with SHA-256, so that neighbouring seeds give unrelated streams. Not suitable for secrets.
 */
export class Rng {
  private readonly words: Uint32Array;
  private spareNormal: number | null;

  private constructor(words: Uint32Array, spareNormal: number | null) {
    this.words = words;
    this.spareNormal = spareNormal;
  }

  /**
   * Creates the generator for one purpose of a seeded run. The same seed with another purpose gives an independent stream.
   * The number 7 and the string '7' are the same seed.
   *
   * @param seed any string or finite number
   * @param purpose what the draws are for, for example `augment`
   * @throws RangeError if a numeric seed is not finite
   */
  static fromSeed(seed: string | number, purpose: string): Rng {
    if (typeof seed === "number" && !Number.isFinite(seed)) throw new RangeError(`A seed must be finite, but is ${String(seed)}.`);
    const text = String(seed);
    // The length keeps ('a', 'bc') apart from ('ab', 'c').
    return Rng.fromDigest(
      createHash("sha256")
        .update(`${String(text.length)}:${text}:${purpose}`, "utf8")
        .digest(),
    );
  }

  /**
   * Continues exactly where {@link Rng.state} was read. Accepts unknown data, because checkpoints are read from files.
   *
   * @throws UserError `random-state-invalid` if the value is not a state of this generator
   */
  static fromState(state: unknown): Rng {
    if (!isRngState(state)) {
      throw new UserError("The saved state of a random generator is damaged or was written by a different version.", {
        code: "random-state-invalid",
        remedy: "Resume from another checkpoint, or restart the run.",
      });
    }
    return new Rng(Uint32Array.from(state.words), state.spareNormal);
  }

  private static fromDigest(digest: Uint8Array): Rng {
    const view = new DataView(digest.buffer, digest.byteOffset, digest.byteLength);
    const words = new Uint32Array(4);
    for (let i = 0; i < 4; i++) words[i] = view.getUint32(4 * i, true);
    // The all-zero state is a fixed point. A digest is never zero in practice.
    if (words.every((word) => word === 0)) words[0] = 1;
    return new Rng(words, null);
  }

  /** A copy of the state as plain JSON; later draws do not change it. */
  state(): RngState {
    const [a = 0, b = 0, c = 0, d = 0] = this.words;
    return { algorithm: "xoshiro128**", words: [a, b, c, d], spareNormal: this.spareNormal };
  }

  /** A copy that continues the same sequence independently of this generator. */
  clone(): Rng {
    return new Rng(this.words.slice(), this.spareNormal);
  }

  /**
   * A child stream that does not depend on later draws of this generator. Consumes 128 bits of this generator, so that two
   * splits with the same label differ.
   */
  split(label: string): Rng {
    const hash = createHash("sha256");
    for (let i = 0; i < 4; i++) hash.update(`${String(this.nextUint32())}:`);
    return Rng.fromDigest(hash.update(label, "utf8").digest());
  }

  /** The next 32 bits, 0 .. 2^32 - 1. */
  nextUint32(): number {
    const s = this.words;
    const s0 = s[0] ?? 0;
    const s1 = s[1] ?? 0;
    const s2 = (s[2] ?? 0) ^ s0;
    const s3 = (s[3] ?? 0) ^ s1;
    const scrambled = Math.imul(s1, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9);
    s[1] = s1 ^ s2;
    s[0] = s0 ^ s3;
    s[2] = s2 ^ (s1 << 9);
    s[3] = (s3 << 11) | (s3 >>> 21);
    return result >>> 0;
  }

  /** Uniform over [0, 1) with 53 random bits. */
  uniform(): number {
    const high = this.nextUint32() >>> 5;
    const low = this.nextUint32() >>> 6;
    return (high * TWO_TO_26 + low) * TWO_TO_MINUS_53;
  }

  /**
   * Uniform integer in 0 .. n - 1 without modulo bias: draws beyond the last multiple of n are rejected.
   *
   * @param n 1 .. 2^32
   * @throws RangeError otherwise
   */
  int(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > TWO_TO_32) throw new RangeError(`int(n) requires an integer n in 1 .. 2^32, but n is ${String(n)}.`);
    const limit = TWO_TO_32 - (TWO_TO_32 % n);
    let draw = this.nextUint32();
    while (draw >= limit) draw = this.nextUint32();
    return draw % n;
  }

  /** Standard normal deviate (mean 0, variance 1) by Marsaglia's polar method. */
  normal(): number {
    if (this.spareNormal !== null) {
      const spare = this.spareNormal;
      this.spareNormal = null;
      return spare;
    }
    let x = 0;
    let y = 0;
    let r = 0;
    do {
      x = 2 * this.uniform() - 1;
      y = 2 * this.uniform() - 1;
      r = x * x + y * y;
    } while (r >= 1 || r === 0);
    const scale = Math.sqrt((-2 * Math.log(r)) / r);
    this.spareNormal = y * scale;
    return x * scale;
  }

  /** True with probability p (0 .. 1). Always consumes one uniform draw, so that later draws do not depend on p. */
  bernoulli(p: number): boolean {
    return this.uniform() < p;
  }

  /**
   * One element of a list, each equally likely.
   *
   * @throws RangeError if the list is empty
   */
  choice<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError("choice() requires at least one element.");
    return items[this.int(items.length)] as T;
  }

  /** Shuffles in place (Fisher–Yates; every order is equally likely) and returns the same array. */
  shuffle<A extends unknown[] | Uint8Array | Uint16Array | Uint32Array | Int32Array | Float32Array | Float64Array>(array: A): A {
    const view: { [index: number]: unknown } = array;
    for (let i = array.length - 1; i > 0; i--) {
      const j = this.int(i + 1);
      const kept = view[i];
      view[i] = view[j];
      view[j] = kept;
    }
    return array;
  }

  /** The numbers 0 .. n - 1 in random order. */
  permutation(n: number): Uint32Array {
    const order = new Uint32Array(n);
    for (let i = 0; i < n; i++) order[i] = i;
    return this.shuffle(order);
  }
}

function isRngState(value: unknown): value is RngState {
  if (typeof value !== "object" || value === null) return false;
  const { algorithm, words, spareNormal } = value as Partial<Record<keyof RngState, unknown>>;
  return (
    algorithm === "xoshiro128**" &&
    Array.isArray(words) &&
    words.length === 4 &&
    words.every(isUint32) &&
    words.some((word) => word !== 0) &&
    (spareNormal === null || (typeof spareNormal === "number" && Number.isFinite(spareNormal)))
  );
}

function isUint32(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value < TWO_TO_32;
}
