import type { ChatCompletionRequest } from '@aion/contracts';
import type { InputType } from '@aion/metrics';

type Kind = Exclude<InputType, 'mixed'>;

/** What each type of content part of OpenAI's chat completions counts as. */
const KINDS: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ['text', 'text'],
  ['refusal', 'text'],
  ['image_url', 'image'],
  ['input_audio', 'audio'],
  ['file', 'file'],
]);

/** What the messages of a request hold beside text. */
export function inputTypeOf(messages: ChatCompletionRequest['messages']): InputType {
  let found: Kind = 'text';
  for (const { content, audio } of messages) {
    // An assistant's message may point at the audio of an earlier answer.
    const kinds = audio === undefined || audio === null ? [] : (['audio'] as const);
    for (const kind of Array.isArray(content) ? [...kinds, ...content.map(kindOf)] : kinds) {
      if (kind === 'text' || kind === found) continue;
      if (found !== 'text') return 'mixed';
      found = kind;
    }
  }
  return found;
}

/** Whether a request wants nothing but text, which is what it gets when it does not say. */
export function wantsText({ modalities }: ChatCompletionRequest): boolean {
  return !Array.isArray(modalities) || modalities.every((modality) => modality === 'text');
}

function kindOf({ type }: { readonly type: string }): Kind {
  return KINDS.get(type) ?? 'other';
}
