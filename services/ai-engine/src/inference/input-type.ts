import type { ChatCompletionRequest } from '@aion/contracts';
import type { InputType } from '@aion/metrics';

type Kind = Exclude<InputType, 'mixed'>;

/** Input type of each content part type of OpenAI's chat completions. */
const KINDS: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ['text', 'text'],
  ['refusal', 'text'],
  ['image_url', 'image'],
  ['input_audio', 'audio'],
  ['file', 'file'],
]);

/** Returns the type of the non-text content in the messages of a request, or text. */
export function inputTypeOf(messages: ChatCompletionRequest['messages']): InputType {
  let found: Kind = 'text';
  for (const { content, audio } of messages) {
    // A message of the assistant may refer to the audio of an earlier response.
    const kinds = audio === undefined || audio === null ? [] : (['audio'] as const);
    for (const kind of Array.isArray(content) ? [...kinds, ...content.map(kindOf)] : kinds) {
      if (kind === 'text' || kind === found) continue;
      if (found !== 'text') return 'mixed';
      found = kind;
    }
  }
  return found;
}

/** Returns true if the requested output is text only, which is the default. */
export function wantsText({ modalities }: ChatCompletionRequest): boolean {
  return !Array.isArray(modalities) || modalities.every((modality) => modality === 'text');
}

function kindOf({ type }: { readonly type: string }): Kind {
  return KINDS.get(type) ?? 'other';
}
