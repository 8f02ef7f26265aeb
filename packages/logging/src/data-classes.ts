import { remember } from './remember.ts';

/** Why a value is never logged under its key. */
export type DataClass = 'credential' | 'content' | 'personal' | 'database';

const CREDENTIAL =
  /(?:authorization|cookie|apikey|password|passwd|passphrase|secret|token|privatekey|credentials?|pepper|keyhash)$|^(?:identity|pwd|signingkey|accesskey|secretaccesskey)$/;
/**
 * What people say to models and what models answer; rows of the tables that hold it. A test of database-gateway holds this
 * list, and that of credentials, to the columns of its data map.
 */
const CONTENT =
  /^(?:prompt|completion|content|messages|input|output|choices|toolcalls|arguments|delta|embeddings?|body|rawbody|rows?|instructions|request|response|answer|reference)$/;
const PERSONAL =
  /^(?:e?mail|emailaddress|phone|phonenumber|firstname|lastname|fullname|address|birthdate|iban|ssn|clientip|ipaddress|xforwardedfor)$/;
/** PostgreSQL puts values of rows into these fields of an error; drivers put statements and their values into others. */
const DATABASE = /^(?:detail|where|internalquery|query|sql|parameters|bindings|values|dataline)$/;

const MAX_KEY_LENGTH = 64;
const classifyKey = remember((key) => classify(key.toLowerCase().replaceAll(/[^a-z]/g, '')), {
  maxTexts: 1_000,
  maxLength: MAX_KEY_LENGTH,
});

/** The class of data that a key holds, whatever its case and separators; undefined when it may be logged. */
export function dataClassOf(key: string): DataClass | undefined {
  return key.length > MAX_KEY_LENGTH ? undefined : classifyKey(key);
}

function classify(name: string): DataClass | undefined {
  if (CREDENTIAL.test(name)) return 'credential';
  if (CONTENT.test(name)) return 'content';
  if (PERSONAL.test(name)) return 'personal';
  return DATABASE.test(name) ? 'database' : undefined;
}
