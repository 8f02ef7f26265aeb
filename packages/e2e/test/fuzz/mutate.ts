/** Where a value stands in a document. */
export type Location = readonly (string | number)[];

/** The places of a document: itself, each property, and the first element of each list. */
export function locationsOf(value: unknown, at: Location = []): Location[] {
  if (isList(value)) return [at, ...(value.length === 0 ? [] : locationsOf(value[0], [...at, 0]))];
  if (!isObject(value)) return [at];
  return [at, ...Object.entries(value).flatMap(([key, each]) => locationsOf(each, [...at, key]))];
}

/** The document with another value at a place. */
export function replaceAt(document: unknown, [key, ...rest]: Location, value: unknown): unknown {
  if (key === undefined) return value;
  if (isList(document)) return document.map((each, at) => (at === key ? replaceAt(each, rest, value) : each));
  if (!isObject(document)) return document;
  return { ...document, [key]: replaceAt(document[key], rest, value) };
}

/** The document without a place. */
export function removeAt(document: unknown, [key, ...rest]: Location): unknown {
  if (isList(document)) {
    if (rest.length === 0) return document.filter((_each, at) => at !== key);
    return document.map((each, at) => (at === key ? removeAt(each, rest) : each));
  }
  if (!isObject(document) || key === undefined) return document;
  if (rest.length > 0) return { ...document, [key]: removeAt(document[key], rest) };
  return Object.fromEntries(Object.entries(document).filter(([name]) => name !== key));
}

/** The objects of a document. */
export function objectLocationsOf(document: unknown): Location[] {
  return locationsOf(document).filter((at) => isObject(valueAt(document, at)));
}

function valueAt(document: unknown, location: Location): unknown {
  return location.reduce<unknown>((value, key) => {
    if (isList(value)) return value[Number(key)];
    return isObject(value) ? value[String(key)] : undefined;
  }, document);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}
