import { readFile } from 'node:fs/promises';
import { chatCompletionRequest } from '@aion/contracts';
import { errorMessage } from '@aion/errors';
import { z } from 'zod';
import { LauncherError } from '../platform/launcher-error.ts';

const conversation = chatCompletionRequest.partial({ model: true });
/** One line of the input: a chat request of the OpenAI API; the model is optional. */
export type Conversation = z.output<typeof conversation>;

/** Parses JSON Lines; skips blank lines. @throws LauncherError with exit code 2 naming file and line. */
export function parseConversations(text: string, file: string): Conversation[] {
  const conversations: Conversation[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    conversations.push(parseLine(line, `${file}, line ${index + 1}`));
  }
  if (conversations.length > 0) return conversations;
  throw new LauncherError(`${file} contains no conversation. Write one JSON object with "messages" per line.`, {
    exitCode: 2,
  });
}

/** Reads the input file. @throws LauncherError with exit code 2 */
export async function readConversations(file: string): Promise<Conversation[]> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new LauncherError(`Could not read the input file: ${errorMessage(error)}`, { exitCode: 2, cause: error });
  });
  return parseConversations(text, file);
}

/** Returns the text of the last message of the user, for the terminal. */
export function readQuestion({ messages }: Conversation): string {
  const content = messages.findLast(({ role }) => role === 'user')?.content ?? messages.at(-1)?.content;
  if (typeof content === 'string') return content;
  return (content ?? []).map((part) => (typeof part['text'] === 'string' ? part['text'] : `[${part.type}]`)).join(' ');
}

function parseLine(line: string, where: string): Conversation {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new LauncherError(`${where}: not JSON: ${errorMessage(error)}`, { exitCode: 2, cause: error });
  }
  const parsed = conversation.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = z.prettifyError(parsed.error).replaceAll('\n', ' ');
  throw new LauncherError(`${where}: not a chat completion request: ${problems}`, { exitCode: 2, cause: parsed.error });
}
