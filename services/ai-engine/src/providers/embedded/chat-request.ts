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

/** A message reduced to text: `developer` is `system`, `tool` and `function` results are `tool`. */
export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly text: string;
}

/** The part of OpenAI's chat completion request that embedded models honour. */
export interface ChatRequest {
  readonly messages: readonly ChatMessage[];
  /** Completion tokens at most; undefined when the caller set no limit. */
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
 * Reads the caller's body for an embedded model, which answers once, in text.
 * Tools that are only offered are allowed, since a model may always answer in text; tools that are demanded are not.
 * @throws InvalidRequestError naming the parameter that is malformed or that embedded models cannot honour.
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
  refuseWhatCannotBeHonoured(parsed.data);
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

function refuseWhatCannotBeHonoured(body: Body): void {
  const format = body.response_format?.type ?? 'text';
  refuseIf((body.n ?? 1) > 1, 'n', `'n' is ${body.n ?? 1}; embedded models give one choice: use n=1.`);
  refuseIf(
    format !== 'text',
    'response_format',
    `Embedded models answer in plain text; response_format '${format}' needs another provider.`,
  );
  refuseIf(demandsCall(body.tool_choice), 'tool_choice', "Embedded models cannot call tools: use tool_choice 'auto'.");
  refuseIf(
    demandsCall(body.function_call),
    'function_call',
    "Embedded models cannot call functions: use function_call 'auto'.",
  );
  refuseIf(body.logprobs === true, 'logprobs', 'Embedded models give no log probabilities: leave out logprobs.');
  const modality = body.modalities?.find((name) => name !== 'text');
  refuseIf(modality !== undefined, 'modalities', `Embedded models give text only, not '${modality ?? ''}'.`);
}

function refuseIf(condition: boolean, param: string, message: string): void {
  if (condition) throw new InvalidRequestError(message, { param });
}

/** `auto` and `none` leave the model free to answer in text; `required` or a named tool does not. */
function demandsCall(choice: string | Readonly<Record<string, unknown>> | null | undefined): boolean {
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
      throw new InvalidRequestError(
        `Embedded models read text only; a content part of type '${part.type}' was given.`,
        {
          param: `messages.${messageIndex}.content.${index}.type`,
        },
      );
    })
    .join('\n');
}
