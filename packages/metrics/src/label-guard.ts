import { BOUNDED_SETS, OTHER, type BoundedSet, type BoundedSetName } from './catalogue/label-sets.ts';
import type { MetricDeclaration } from './catalogue/metric-declaration.ts';

/** Labels as instruments take them. */
export type Labels = Readonly<Record<string, string>>;

/** Gives labels back as they are, or a copy with `other` in place of each value that is not of its set. */
export type LabelGuard = (labels: Labels) => Labels;

/**
 * Creates the guards of one process, which keep the number of its series bounded whatever is recorded.
 * @param onRefused told once for each call that had to be changed
 */
export function createLabelGuards(onRefused: () => void): (declaration: MetricDeclaration) => LabelGuard {
  const known = new Map<BoundedSetName, Set<string>>();
  const isMember = (name: BoundedSetName, value: string): boolean => {
    const values = known.get(name) ?? new Set();
    if (values.has(value)) return true;
    const set: BoundedSet = BOUNDED_SETS[name];
    if (value === OTHER) return true;
    if (values.size >= set.maxValues || !set.pattern.test(value)) return false;
    known.set(name, values.add(value));
    return true;
  };
  return (declaration) => {
    const checks = Object.entries(declaration.labels).map(([label, values]) => {
      if (typeof values === 'string') return [label, (value: string) => isMember(values, value)] as const;
      const list = new Set([...values, OTHER]);
      return [label, (value: string) => list.has(value)] as const;
    });
    return (labels) => {
      let guarded: Record<string, string> | undefined;
      for (const [label, accepts] of checks) {
        const value = labels[label];
        if (value === undefined || accepts(value)) continue;
        guarded ??= { ...labels };
        guarded[label] = OTHER;
      }
      if (guarded === undefined) return labels;
      onRefused();
      return guarded;
    };
  };
}

/** Every combination of a metric's labels, when all of them are lists; none when a process has to say the values. */
export function closedCombinations({ labels }: MetricDeclaration): readonly Labels[] {
  let combinations: Labels[] = [{}];
  for (const [label, values] of Object.entries(labels)) {
    if (typeof values === 'string') return [];
    combinations = combinations.flatMap((labels) => values.map((value) => ({ ...labels, [label]: value })));
  }
  return combinations;
}
