import { RETENTION_CLASSES, type RetentionClassName } from '@aion/contracts';
import { z } from 'zod';

/** How many days data of a class may be kept: at least, at most, and where the tenant has set nothing. */
export interface RetentionBounds {
  readonly minDays: number;
  readonly maxDays: number;
  readonly defaultDays: number;
}

/** The bounds of every class. */
export type RetentionBoundsByClass = Readonly<Record<RetentionClassName, RetentionBounds>>;

/**
 * The widest bounds: an operator's can only be tighter. The audit trail is kept a year at least, so that what was done is
 * found out late, too; accounting as long, for what is billed once a year.
 */
export const WIDEST_BOUNDS: RetentionBoundsByClass = {
  account: { minDays: 30, maxDays: 3_650, defaultDays: 365 },
  content: { minDays: 1, maxDays: 3_650, defaultDays: 365 },
  accounting: { minDays: 365, maxDays: 3_650, defaultDays: 730 },
  audit: { minDays: 365, maxDays: 3_650, defaultDays: 730 },
  operational: { minDays: 1, maxDays: 365, defaultDays: 90 },
};

const ENTRY = /^(?<name>[a-z]+)=(?<min>\d{1,5})\.\.(?<max>\d{1,5})(?::(?<fallback>\d{1,5}))?$/;

/**
 * Parses `content=7..365:30,audit=730..3650`: minimum, maximum and default in days, by class; classes that are not named
 * keep the widest bounds. Without a default it is the widest one's, moved into the bounds.
 */
export const retentionBounds = z.string().transform((text, check): RetentionBoundsByClass => {
  const entries = text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  let bounds = WIDEST_BOUNDS;
  for (const entry of entries) {
    const parsed = parseEntry(entry);
    if (typeof parsed === 'string') check.addIssue(parsed);
    else bounds = { ...bounds, [parsed.name]: parsed.bounds };
  }
  return bounds;
});

/** The bounds of a class, or a sentence that says what is wrong. */
function parseEntry(entry: string): { readonly name: RetentionClassName; readonly bounds: RetentionBounds } | string {
  const groups = ENTRY.exec(entry)?.groups;
  if (groups === undefined) return `"${entry}" is not of the form class=min..max:default, in days`;
  const name = RETENTION_CLASSES.find((known) => known === groups['name']);
  if (name === undefined) return `"${entry}" names no class: there are ${RETENTION_CLASSES.join(', ')}`;
  const widest = WIDEST_BOUNDS[name];
  const [minDays, maxDays] = [Number(groups['min']), Number(groups['max'])];
  const defaultDays = Number(groups['fallback'] ?? Math.min(Math.max(widest.defaultDays, minDays), maxDays));
  if (minDays < widest.minDays || maxDays > widest.maxDays || minDays > maxDays) {
    return `"${entry}" must lie within ${widest.minDays}..${widest.maxDays}: bounds can only be tighter`;
  }
  if (defaultDays < minDays || defaultDays > maxDays) return `"${entry}" has a default outside of its bounds`;
  return { name, bounds: { minDays, maxDays, defaultDays } };
}
