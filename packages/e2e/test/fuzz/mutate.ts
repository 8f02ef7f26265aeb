/** Path of a value in a JSON document. */
export type Location = readonly (string | number)[];

/** Lists the locations in a document: its root, each property, and the first element of each list. */
export function listLocations(value: unknown, at: Location = []): Location[] {
  if (isList(value)) return [at, ...(value.length === 0 ? [] : listLocations(value[0], [...at, 0]))];
  if (!isObject(value)) return [at];
  return [at, ...Object.entries(value).flatMap(([key, each]) => listLocations(each, [...at, key]))];
}

/** Returns the document with the value at a location replaced. */
export function replaceAt(document: unknown, [key, ...rest]: Location, value: unknown): unknown {
  if (key === undefined) return value;
  if (isList(document)) return document.map((each, at) => (at === key ? replaceAt(each, rest, value) : each));
  if (!isObject(document)) return document;
  return { ...document, [key]: replaceAt(document[key], rest, value) };
}

/** Returns the document without the value at a location. */
export function removeAt(document: unknown, [key, ...rest]: Location): unknown {
  if (isList(document)) {
    if (rest.length === 0) return document.filter((_each, at) => at !== key);
    return document.map((each, at) => (at === key ? removeAt(each, rest) : each));
  }
  if (!isObject(document) || key === undefined) return document;
  if (rest.length > 0) return { ...document, [key]: removeAt(document[key], rest) };
  return Object.fromEntries(Object.entries(document).filter(([name]) => name !== key));
}

/** Lists the locations of objects in a document. */
export function listObjectLocations(document: unknown): Location[] {
  return listLocations(document).filter((at) => isObject(valueAt(document, at)));
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
