import { randomBytes } from 'node:crypto';
import { callRoute } from '@aion/client/traced';
import { routes } from '@aion/contracts';
import { chooseModel, EXTRACTIVE_MODEL } from './choose-model.ts';
import { readQuestion, type Conversation } from './read-conversations.ts';
import { createOpenAiClient, runConversation, type DemoResponse } from './run-conversation.ts';
import { addCheck, type DemoContext } from './demo-context.ts';
import { formatMs, shorten } from './terminal.ts';

const MAX_QUESTION_CHARS = 96;

/** Lists the models and sends every conversation of the input as the first tenant. */
export async function runCompletionsStep(context: DemoContext): Promise<void> {
  const { terminal, evidence, platform, tenants, signal } = context;
  const [tenant] = tenants;
  const client = createOpenAiClient(platform.baseUrl, tenant.key);
  const { data } = await callRoute(routes.models.list, { baseUrl: platform.baseUrl, key: tenant.key, signal });
  evidence.models = data.map(({ id }) => id);
  const defaultModel = chooseModel(evidence.models, context.preferLanguageModel);
  terminal.heading('Completions (openai SDK)');
  terminal.step('models', evidence.models.map((id) => (id === defaultModel ? `${id} (default)` : id)).join(', '));
  for (const conversation of context.conversations) {
    terminal.line();
    const question = readQuestion(conversation);
    terminal.step('question', shorten(question, MAX_QUESTION_CHARS));
    const output = terminal.stream(conversation.stream === true ? 'answer (stream)' : 'answer');
    const onText = (text: string): void => output.write(text);
    const response = await runConversation({ client, conversation, question, defaultModel, onText, signal });
    output.end();
    evidence.responses.push(response);
    terminal.dim(formatResponse(response));
  }
  terminal.line();
  const failed = evidence.responses.filter(({ error }) => error !== null);
  tenant.completions += evidence.responses.length - failed.length;
  await context.store.save(tenants);
  const count = `${evidence.responses.length - failed.length} of ${evidence.responses.length}`;
  addCheck(
    context,
    'completions',
    failed.length === 0,
    `${count} answered${failed[0] === undefined ? '' : `; ${String(failed[0].error)}`}`,
  );
}

/**
 * Sends a request of the second tenant with a unique text.
 * @returns that text, which must not appear in the export of the first tenant
 */
export async function runSecondTenantStep(context: DemoContext): Promise<string> {
  const { platform, tenants, signal } = context;
  const [, tenant] = tenants;
  const client = createOpenAiClient(platform.baseUrl, tenant.key);
  const canary = `canary${randomBytes(12).toString('hex')}`;
  const question = `The code word is ${canary}. It opens the vault. It is changed every week.\n\nWhat is the code word?`;
  const conversation: Conversation = { messages: [{ role: 'user', content: question }] };
  const onText = (): void => undefined;
  const response = await runConversation({
    client,
    conversation,
    question,
    defaultModel: EXTRACTIVE_MODEL,
    onText,
    signal,
  });
  if (response.error === null) tenant.completions += 1;
  await context.store.save(tenants);
  const isAnswered = response.error === null && response.answer.includes(canary);
  addCheck(context, 'second tenant', isAnswered, response.error ?? 'answered with its own key');
  return canary;
}

function formatResponse(response: DemoResponse): string {
  if (response.error !== null) return `failed: ${shorten(response.error, 200)}`;
  const { model, promptTokens, completionTokens, durationMs, firstTokenMs } = response;
  const first = firstTokenMs === null ? '' : `, first token after ${formatMs(firstTokenMs)}`;
  return `${model}, ${promptTokens ?? '?'} + ${completionTokens ?? '?'} tokens, ${formatMs(durationMs)}${first}`;
}
