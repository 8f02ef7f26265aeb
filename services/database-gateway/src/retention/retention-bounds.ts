import { RETENTION_CLASSES, type RetentionClassName } from '@aion/contracts';
import { z } from 'zod';

/** Number of days for which data of a class may be retained, and the default for tenants without a policy. */
export interface RetentionBounds {
  readonly minDays: number;
  readonly maxDays: number;
  readonly defaultDays: number;
}

/** The bounds of every class. */
export type RetentionBoundsByClass = Readonly<Record<RetentionClassName, RetentionBounds>>;

/**
 * The widest bounds: an operator's can only be tighter. Audit events are retained for at least a year, so that actions
 * which are discovered late can still be traced; accounting as long, since some of it is billed once a year.
 */
export const WIDEST_BOUNDS: RetentionBoundsByClass = {
  account: { minDays: 30, maxDays: 3_650, defaultDays: 365 },
  content: { minDays: 1, maxDays: 3_650, defaultDays: 365 },
  accounting: { minDays: 365, maxDays: 3_650, defaultDays: 730 },
  audit: { minDays: 365, maxDays: 3_650, defaultDays: 730 },
  operational: { minDays: 1, maxDays: 365, defaultDays: 90 },
};

/**
 * Schema that parses `content=7..365:30,audit=730..3650`: minimum, maximum and default in days, by class; classes that are
 * not named have the widest bounds. Without a default it is that of the widest bounds, moved into the given ones.
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

const ENTRY = /^(?<name>[a-z]+)=(?<min>\d{1,5})\.\.(?<max>\d{1,5})(?::(?<fallback>\d{1,5}))?$/;

/** Parses the bounds of a class. Returns a sentence that names the problem when they are invalid. */
function parseEntry(entry: string): { readonly name: RetentionClassName; readonly bounds: RetentionBounds } | string {
  const groups = ENTRY.exec(entry)?.groups;
  if (groups === undefined) return `"${entry}" is not of the form class=min..max:default, in days`;
  const name = RETENTION_CLASSES.find((known) => known === groups['name']);
  if (name === undefined) return `"${entry}" names no class: use one of ${RETENTION_CLASSES.join(', ')}`;
  const widest = WIDEST_BOUNDS[name];
  const minDays = Number(groups['min']);
  const maxDays = Number(groups['max']);
  const defaultDays = Number(groups['fallback'] ?? Math.min(Math.max(widest.defaultDays, minDays), maxDays));
  if (minDays < widest.minDays || maxDays > widest.maxDays || minDays > maxDays) {
    return `"${entry}" must lie within ${widest.minDays}..${widest.maxDays}: bounds can only be tighter`;
  }
  if (defaultDays < minDays || defaultDays > maxDays) return `"${entry}" has a default outside of its bounds`;
  return { name, bounds: { minDays, maxDays, defaultDays } };
}
