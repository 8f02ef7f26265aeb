import { InvalidRequestError } from '@aion/errors';
import { z } from 'zod';

const PartSchema = z.looseObject({ type: z.string(), text: z.string().optional(), refusal: z.string().optional() });

const MessageSchema = z.looseObject({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool', 'function']),
  content: z.union([z.string(), z.array(PartSchema), z.null()]).optional(),
});

const TokenLimitSchema = z.int().min(1).nullish();

const BodySchema = z.looseObject({
  messages: z.array(MessageSchema).min(1),
  n: z.int().min(1).nullish(),
  max_tokens: TokenLimitSchema,
  max_completion_tokens: TokenLimitSchema,
  stop: z.union([z.string().min(1), z.array(z.string().min(1)).max(4)]).nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().optional() }).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  seed: z.int().nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  response_format: z.looseObject({ type: z.string() }).nullish(),
  tool_choice: z.union([z.string(), z.looseObject({})]).nullish(),
  function_call: z.union([z.string(), z.looseObject({})]).nullish(),
  logprobs: z.boolean().nullish(),
  modalities: z.array(z.string()).nullish(),
});

type Body = z.infer<typeof BodySchema>;

/** Message reduced to text: `developer` becomes `system`, `function` becomes `tool`. */
export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly text: string;
}

/** Parameters of OpenAI's chat completion request that embedded models support. */
export interface ChatRequest {
  readonly messages: readonly ChatMessage[];
  /** Maximum number of completion tokens; undefined when the caller sets no limit. */
  readonly maxTokens: number | undefined;
  readonly stop: readonly string[];
  readonly includeUsage: boolean;
  readonly temperature: number | undefined;
  readonly topP: number | undefined;
  readonly seed: number | undefined;
  readonly frequencyPenalty: number | undefined;
  readonly presencePenalty: number | undefined;
}

/**
 * Parses the body of a request to an embedded model, which returns one answer in text. Accepts tools that are optional,
 * because a model may always answer in text, and rejects required ones.
 * @throws InvalidRequestError that names the malformed or unsupported parameter
 */
export function parseChatRequest(body: Readonly<Record<string, unknown>>): ChatRequest {
  const parsed = BodySchema.safeParse(body);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const param = issue?.path.join('.') ?? 'body';
    throw new InvalidRequestError(`Invalid value for '${param}': ${issue?.message ?? 'malformed'}.`, {
      param,
      cause: parsed.error,
    });
  }
  assertSupported(parsed.data);
  return {
    messages: parsed.data.messages.map(toChatMessage),
    maxTokens: parsed.data.max_completion_tokens ?? parsed.data.max_tokens ?? undefined,
    stop: typeof parsed.data.stop === 'string' ? [parsed.data.stop] : (parsed.data.stop ?? []),
    includeUsage: parsed.data.stream_options?.include_usage ?? false,
    temperature: parsed.data.temperature ?? undefined,
    topP: parsed.data.top_p ?? undefined,
    seed: parsed.data.seed ?? undefined,
    frequencyPenalty: parsed.data.frequency_penalty ?? undefined,
    presencePenalty: parsed.data.presence_penalty ?? undefined,
  };
}

function assertSupported(body: Body): void {
  const format = body.response_format?.type ?? 'text';
  rejectIf((body.n ?? 1) > 1, 'n', `'n' is ${body.n ?? 1}, and embedded models return one choice. Use n=1.`);
  rejectIf(
    format !== 'text',
    'response_format',
    `Embedded models answer in plain text. Use another provider for response_format '${format}'.`,
  );
  rejectIf(requiresCall(body.tool_choice), 'tool_choice', "Embedded models cannot call tools. Use tool_choice 'auto'.");
  rejectIf(
    requiresCall(body.function_call),
    'function_call',
    "Embedded models cannot call functions. Use function_call 'auto'.",
  );
  rejectIf(body.logprobs === true, 'logprobs', 'Embedded models return no log probabilities. Omit logprobs.');
  const modality = body.modalities?.find((name) => name !== 'text');
  rejectIf(
    modality !== undefined,
    'modalities',
    `Embedded models return text only. Remove '${modality ?? ''}' from modalities.`,
  );
}

function rejectIf(condition: boolean, param: string, message: string): void {
  if (condition) throw new InvalidRequestError(message, { param });
}

/** Reports whether a choice prevents an answer in text: any but `auto` and `none`. */
function requiresCall(choice: string | Readonly<Record<string, unknown>> | null | undefined): boolean {
  return choice !== undefined && choice !== null && choice !== 'auto' && choice !== 'none';
}

function toChatMessage(message: z.infer<typeof MessageSchema>, index: number): ChatMessage {
  return { role: toRole(message.role), text: toText(message.content, index) };
}

function toRole(role: z.infer<typeof MessageSchema>['role']): ChatMessage['role'] {
  if (role === 'developer') return 'system';
  return role === 'function' ? 'tool' : role;
}

function toText(content: z.infer<typeof MessageSchema>['content'], messageIndex: number): string {
  if (content === undefined || content === null) return '';
  if (typeof content === 'string') return content;
  return content
    .map((part, index) => {
      if (part.type === 'text') return part.text ?? '';
      if (part.type === 'refusal') return part.refusal ?? '';
      throw new InvalidRequestError(`Embedded models read text only. Remove the content part of type '${part.type}'.`, {
        param: `messages.${messageIndex}.content.${index}.type`,
      });
    })
    .join('\n');
}
