import type { LabelGuard, Labels } from './label-guard.ts';

/**
 * The series of one metric, found by the values of its labels. A series that was found once is found again by one
 * look-up, without asking the guard or sorting and hashing its labels anew as prom-client does.
 */
export class SeriesMap<S> {
  readonly #labelNames: readonly string[];
  readonly #guard: LabelGuard;
  readonly #create: (labels: Labels) => S;
  readonly #byKey = new Map<string, S>();

  /** @param create makes a series for labels that the guard has passed */
  constructor(labelNames: readonly string[], guard: LabelGuard, create: (labels: Labels) => S) {
    this.#labelNames = labelNames;
    this.#guard = guard;
    this.#create = create;
  }

  /** The series of these labels, or of what the guard makes of them; it exists from now on. */
  at(labels: Labels): S {
    const found = this.#byKey.get(this.#keyOf(labels));
    if (found !== undefined) return found;
    const guarded = this.#guard(labels);
    const key = this.#keyOf(guarded);
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const series = this.#create(this.#declared(guarded));
    this.#byKey.set(key, series);
    return series;
  }

  /** Forgets a series. */
  delete(labels: Labels): void {
    this.#byKey.delete(this.#keyOf(this.#guard(labels)));
  }

  values(): IterableIterator<S> {
    return this.#byKey.values();
  }

  /** No value can hold the separator and be of a set, so no two series share a key. */
  #keyOf(labels: Labels): string {
    let key = '';
    for (const name of this.#labelNames) key += `${labels[name] ?? ''}\u0000`;
    return key;
  }

  #declared(labels: Labels): Labels {
    const declared: Record<string, string> = {};
    for (const name of this.#labelNames) {
      const value = labels[name];
      if (value !== undefined) declared[name] = value;
    }
    return declared;
  }
}
