/** Why a value is never logged under its key. */
export type DataClass = 'credential' | 'content' | 'personal' | 'database';

const CREDENTIAL =
  /(?:authorization|cookie|apikey|password|passwd|passphrase|secret|token|privatekey|credentials?|pepper|keyhash)$|^(?:identity|pwd|signingkey|accesskey|secretaccesskey)$/;
/** What people say to models and what models answer; rows of the tables that hold it. */
const CONTENT =
  /^(?:prompt|completion|content|messages|input|output|choices|toolcalls|arguments|delta|embeddings?|body|rawbody|rows?|instructions)$/;
const PERSONAL =
  /^(?:e?mail|emailaddress|phone|phonenumber|firstname|lastname|fullname|address|birthdate|iban|ssn|clientip|ipaddress|xforwardedfor)$/;
/** PostgreSQL puts values of rows into these fields of an error; drivers put statements and their values into others. */
const DATABASE = /^(?:detail|where|internalquery|query|sql|parameters|bindings|values|dataline)$/;

/** What was found for a key: code logs under few keys, again and again. Bounded, as keys may come from callers too. */
const known = new Map<string, DataClass | undefined>();
const MAX_KNOWN = 1_000;

/** The class of data that a key holds, whatever its case and separators; undefined when it may be logged. */
export function dataClassOf(key: string): DataClass | undefined {
  if (key.length > 64) return undefined;
  const found = known.get(key);
  if (found !== undefined || known.has(key)) return found;
  if (known.size >= MAX_KNOWN) known.clear();
  const dataClass = classify(key.toLowerCase().replaceAll(/[^a-z]/g, ''));
  known.set(key, dataClass);
  return dataClass;
}

function classify(name: string): DataClass | undefined {
  if (CREDENTIAL.test(name)) return 'credential';
  if (CONTENT.test(name)) return 'content';
  if (PERSONAL.test(name)) return 'personal';
  return DATABASE.test(name) ? 'database' : undefined;
}
