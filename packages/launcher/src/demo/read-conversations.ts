import { readFile } from 'node:fs/promises';
import { chatCompletionRequest } from '@aion/contracts';
import { errorMessage } from '@aion/errors';
import { z } from 'zod';
import { LauncherError } from '../platform/launcher-error.ts';

const conversation = chatCompletionRequest.partial({ model: true });
/** One line of the input: OpenAI's request, whose model may be left out. */
export type Conversation = z.output<typeof conversation>;

/** Parses JSON Lines; blank lines are passed over. @throws LauncherError with exit code 2 naming file and line. */
export function parseConversations(text: string, file: string): Conversation[] {
  const conversations: Conversation[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    conversations.push(parseLine(line, `${file}, line ${index + 1}`));
  }
  if (conversations.length > 0) return conversations;
  throw new LauncherError(`${file} holds no conversation: give one JSON object with "messages" a line.`, {
    exitCode: 2,
  });
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

/** Reads the input file. @throws LauncherError with exit code 2 */
export async function readConversations(file: string): Promise<Conversation[]> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new LauncherError(`The input cannot be read: ${errorMessage(error)}`, { exitCode: 2, cause: error });
  });
  return parseConversations(text, file);
}

/** The last thing that the user says, for the terminal. */
export function questionOf({ messages }: Conversation): string {
  const content = messages.findLast(({ role }) => role === 'user')?.content ?? messages.at(-1)?.content;
  if (typeof content === 'string') return content;
  return (content ?? []).map((part) => (typeof part['text'] === 'string' ? part['text'] : `[${part.type}]`)).join(' ');
}
