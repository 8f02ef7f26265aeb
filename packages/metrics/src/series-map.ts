import type { LabelGuard, Labels } from './label-guard.ts';

/**
 * Series of one metric by label values. Finding an existing series takes one lookup, without calling the guard, and without
 * sorting and hashing the labels as prom-client does.
 */
export class SeriesMap<S> {
  readonly #labelNames: readonly string[];
  readonly #guard: LabelGuard;
  readonly #create: (labels: Labels) => S;
  readonly #byKey = new Map<string, S>();

  /** @param create creates a series for guarded labels */
  constructor(labelNames: readonly string[], guard: LabelGuard, create: (labels: Labels) => S) {
    this.#labelNames = labelNames;
    this.#guard = guard;
    this.#create = create;
  }

  /** Returns the series of the guarded labels; creates it if necessary. */
  getOrCreate(labels: Labels): S {
    const found = this.#byKey.get(this.#toKey(labels));
    if (found !== undefined) return found;
    const guarded = this.#guard(labels);
    const key = this.#toKey(guarded);
    const existing = this.#byKey.get(key);
    if (existing !== undefined) return existing;
    const series = this.#create(this.#selectDeclared(guarded));
    this.#byKey.set(key, series);
    return series;
  }

  /** Removes a series. */
  delete(labels: Labels): void {
    this.#byKey.delete(this.#toKey(this.#guard(labels)));
  }

  values(): IterableIterator<S> {
    return this.#byKey.values();
  }

  /** Returns a unique key: no allowed value contains the separator. */
  #toKey(labels: Labels): string {
    let key = '';
    for (const name of this.#labelNames) key += `${labels[name] ?? ''}\u0000`;
    return key;
  }

  #selectDeclared(labels: Labels): Labels {
    const declared: Record<string, string> = {};
    for (const name of this.#labelNames) {
      const value = labels[name];
      if (value !== undefined) declared[name] = value;
    }
    return declared;
  }
}
