import { memoize } from './memoize.ts';

/** Class of sensitive data that must not be logged. */
export type DataClass = 'credential' | 'content' | 'personal' | 'database';

const CREDENTIAL =
  /(?:authorization|cookie|apikey|password|passwd|passphrase|secret|token|privatekey|credentials?|pepper|keyhash)$|^(?:identity|pwd|signingkey|accesskey|secretaccesskey)$/;
/**
 * Prompts, completions, and rows of the tables that contain them. A test of database-gateway compares this list and the
 * list of credentials with the columns of its data map.
 */
const CONTENT =
  /^(?:prompt|completion|content|messages|input|output|choices|toolcalls|arguments|delta|embeddings?|body|rawbody|rows?|instructions|request|response|answer|reference)$/;
const PERSONAL =
  /^(?:e?mail|emailaddress|phone|phonenumber|firstname|lastname|fullname|address|birthdate|iban|ssn|clientip|ipaddress|xforwardedfor)$/;
/** Fields of database errors: PostgreSQL adds values of rows, drivers add statements and their parameters. */
const DATABASE = /^(?:detail|where|internalquery|query|sql|parameters|bindings|values|dataline)$/;

const MAX_KEY_LENGTH = 64;
const classifyCached = memoize((key) => classifyName(key.toLowerCase().replaceAll(/[^a-z]/g, '')), {
  maxTexts: 1_000,
  maxLength: MAX_KEY_LENGTH,
});

/** Returns the class of data of a key, ignoring case and separators; undefined if its value may be logged. */
export function classifyKey(key: string): DataClass | undefined {
  return key.length > MAX_KEY_LENGTH ? undefined : classifyCached(key);
}

function classifyName(name: string): DataClass | undefined {
  if (CREDENTIAL.test(name)) return 'credential';
  if (CONTENT.test(name)) return 'content';
  if (PERSONAL.test(name)) return 'personal';
  return DATABASE.test(name) ? 'database' : undefined;
}
