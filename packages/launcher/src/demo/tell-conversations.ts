import { randomBytes } from 'node:crypto';
import { callRoute } from '@aion/client/traced';
import { routes } from '@aion/contracts';
import { LauncherError } from '../platform/launcher-error.ts';
import { questionOf, type Conversation } from './read-conversations.ts';
import { createOpenAiClient, runConversation, type DemoResponse } from './run-conversation.ts';
import { addCheck, type Story } from './story.ts';
import { formatMs, shorten } from './terminal.ts';

const EXTRACTIVE = 'embedded/extractive';
const MAX_QUESTION_CHARS = 96;

/** Lists the models, and sends every conversation of the input as the first tenant. */
export async function tellConversations(story: Story): Promise<void> {
  const { terminal, evidence, platform, tenants, signal } = story;
  const [tenant] = tenants;
  const client = createOpenAiClient(platform.baseUrl, tenant.key);
  const { data } = await callRoute(routes.models.list, { baseUrl: platform.baseUrl, key: tenant.key, signal });
  evidence.models = data.map(({ id }) => id);
  const defaultModel = chooseModel(evidence.models, story.preferLanguageModel);
  terminal.heading('Completions (openai SDK)');
  terminal.step('models', evidence.models.map((id) => (id === defaultModel ? `${id} (default)` : id)).join(', '));
  for (const conversation of story.conversations) {
    terminal.line();
    const question = questionOf(conversation);
    terminal.step('question', shorten(question, MAX_QUESTION_CHARS));
    const output = terminal.stream(conversation.stream === true ? 'answer (stream)' : 'answer');
    const onText = (text: string): void => output.write(text);
    const response = await runConversation({ client, conversation, question, defaultModel, onText, signal });
    output.end();
    evidence.responses.push(response);
    terminal.dim(describe(response));
  }
  terminal.line();
  const failed = evidence.responses.filter(({ error }) => error !== null);
  tenant.completions += evidence.responses.length - failed.length;
  await story.store.save(tenants);
  const count = `${evidence.responses.length - failed.length} of ${evidence.responses.length}`;
  addCheck(
    story,
    'completions',
    failed.length === 0,
    `${count} answered${failed[0] === undefined ? '' : `; ${String(failed[0].error)}`}`,
  );
}

/**
 * Lets the second tenant ask about a text that nobody else has.
 * @returns that text, which must be nowhere in the first tenant's export
 */
export async function tellSecondTenant(story: Story): Promise<string> {
  const { platform, tenants, signal } = story;
  const [, tenant] = tenants;
  const client = createOpenAiClient(platform.baseUrl, tenant.key);
  const canary = `canary${randomBytes(12).toString('hex')}`;
  const question = `The code word is ${canary}. It opens the vault. It is changed every week.\n\nWhat is the code word?`;
  const conversation: Conversation = { messages: [{ role: 'user', content: question }] };
  const onText = (): void => undefined;
  const response = await runConversation({ client, conversation, question, defaultModel: EXTRACTIVE, onText, signal });
  if (response.error === null) tenant.completions += 1;
  await story.store.save(tenants);
  const isAnswered = response.error === null && response.answer.includes(canary);
  addCheck(story, 'second tenant', isAnswered, response.error ?? 'served with a key of its own');
  return canary;
}

/** A GGUF model when there is one, unless it is not wanted. @throws LauncherError when one is wanted and none is there */
export function chooseModel(models: readonly string[], preferLanguageModel: boolean | undefined): string {
  const languageModel = models.find((id) => id.startsWith('embedded/') && id !== EXTRACTIVE);
  if (preferLanguageModel === false) return EXTRACTIVE;
  if (languageModel !== undefined) return languageModel;
  if (preferLanguageModel !== true) return EXTRACTIVE;
  throw new LauncherError('--model asks for a language model and there is none: put a GGUF file into .aion/models.');
}

function describe(response: DemoResponse): string {
  if (response.error !== null) return `failed: ${shorten(response.error, 200)}`;
  const { model, promptTokens, completionTokens, durationMs, firstTokenMs } = response;
  const first = firstTokenMs === null ? '' : `, first token after ${formatMs(firstTokenMs)}`;
  return `${model}, ${promptTokens ?? '?'} + ${completionTokens ?? '?'} tokens, ${formatMs(durationMs)}${first}`;
}
