import { BOUNDED_SETS, OTHER, type BoundedSet, type BoundedSetName } from './catalogue/bounded-sets.ts';
import type { MetricDeclaration } from './catalogue/metric-declaration.ts';

/** Labels of a series by name. */
export type Labels = Readonly<Record<string, string>>;

/** Returns valid labels unchanged, or a copy with `other` in place of each value outside its set. */
export type LabelGuard = (labels: Labels) => Labels;

/**
 * Creates the label guards of a process, which bound the number of its series.
 * @param onReplaced called once for each set of labels in which values were replaced
 */
export function createLabelGuards(onReplaced: () => void): (declaration: MetricDeclaration) => LabelGuard {
  const recorded = new Map<BoundedSetName, Set<string>>();
  const isMember = (name: BoundedSetName, value: string): boolean => {
    const values = recorded.get(name) ?? new Set();
    if (values.has(value)) return true;
    const set: BoundedSet = BOUNDED_SETS[name];
    if (value === OTHER) return true;
    if (values.size >= set.maxValues || !set.pattern.test(value)) return false;
    recorded.set(name, values.add(value));
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
      onReplaced();
      return guarded;
    };
  };
}

/** Lists all combinations of label values; empty if the values of a label are known at run time only. */
export function listLabelCombinations({ labels }: MetricDeclaration): readonly Labels[] {
  let combinations: Labels[] = [{}];
  for (const [label, values] of Object.entries(labels)) {
    if (typeof values === 'string') return [];
    combinations = combinations.flatMap((labels) => values.map((value) => ({ ...labels, [label]: value })));
  }
  return combinations;
}
