import { chatCompletionRequest } from '@aion/contracts';
import { INPUT_TYPES } from '@aion/metrics';
import { inputTypeOf, wantsText } from './input-type.ts';

const image = { type: 'image_url', image_url: { url: 'https://example.com/a.png' } };
const audio = { type: 'input_audio', input_audio: { data: '', format: 'wav' } };
const file = { type: 'file', file: { file_id: 'file-1' } };
const text = { type: 'text', text: 'What is this?' };
const video = { type: 'video_url', video_url: { url: 'https://example.com/a.mp4' } };
const reached = new Set<string>();

/** Returns the input type of a request with these messages, validated as in the engine. */
function typeOf(messages: readonly unknown[]): string {
  return inputTypeOf(chatCompletionRequest.parse({ model: 'm', messages }).messages);
}

describe('input type', () => {
  it.each<[string, readonly unknown[], string]>([
    ['a sentence', [{ role: 'user', content: 'Hello' }], 'text'],
    ['text parts', [{ role: 'user', content: [text, text] }], 'text'],
    ['no content', [{ role: 'assistant', content: null, tool_calls: [] }], 'text'],
    ['no parts', [{ role: 'user', content: [] }], 'text'],
    ['the result of a tool', [{ role: 'tool', tool_call_id: 'c1', content: [text] }], 'text'],
    ['a refusal', [{ role: 'assistant', content: [{ type: 'refusal', refusal: 'No.' }] }], 'text'],
    ['an image', [{ role: 'user', content: [image] }], 'image'],
    [
      'images with text, in an earlier message',
      [
        { role: 'user', content: [text, image, image] },
        { role: 'user', content: 'And?' },
      ],
      'image',
    ],
    ['audio', [{ role: 'user', content: [audio, text] }], 'audio'],
    ['the audio of an earlier answer', [{ role: 'assistant', audio: { id: 'audio_1' } }], 'audio'],
    ['no audio', [{ role: 'assistant', audio: null, content: 'Hello' }], 'text'],
    ['a file', [{ role: 'user', content: [file] }], 'file'],
    ['an image and a file', [{ role: 'user', content: [image, text, file] }], 'mixed'],
    [
      'an image and audio in two messages',
      [
        { role: 'user', content: [image] },
        { role: 'user', content: [audio] },
      ],
      'mixed',
    ],
    ['a part that OpenAI does not have', [{ role: 'user', content: [text, video] }], 'other'],
    ['such a part and an image', [{ role: 'user', content: [image, video] }], 'mixed'],
    ['a name of every object', [{ role: 'user', content: [{ type: 'constructor' }] }], 'other'],
  ])('of %s belongs to a closed set', (_case, messages, expected) => {
    expect(typeOf(messages)).toBe(expected);
    reached.add(expected);
  });

  it('can be each one of the metrics catalogue', () => {
    expect([...reached].toSorted()).toEqual(Object.keys(INPUT_TYPES).toSorted());
  });
});

describe('requested output', () => {
  it.each<[unknown, boolean]>([
    [undefined, true],
    [null, true],
    [['text'], true],
    [['text', 'audio'], false],
  ])('with modalities %j is text only: %p', (modalities, expected) => {
    const messages = [{ role: 'user', content: 'Hello' }];
    expect(wantsText(chatCompletionRequest.parse({ model: 'm', messages, modalities }))).toBe(expected);
  });
});
