/** Loads a model, prints its child's process id and stays: a parent to be killed. Arguments: the models' folder, an id. */
import { createEmbeddedProvider } from '../../src/providers/embedded/create-embedded-provider.ts';
import { createRecordingLogger } from './recording-logger.ts';

const [modelsDir = '', model = ''] = process.argv.slice(2);
const logger = createRecordingLogger();
const provider = createEmbeddedProvider({ modelsDir, logger });
// Reading this prompt takes long enough that the child, left alone, would be seen.
const body = { messages: [{ role: 'user', content: 'word '.repeat(3_900) }] };
await provider.createChatCompletion({ model, body, stream: true, signal: new AbortController().signal });
const loaded = logger.lines.find(({ message }) => message === 'A model is loaded');
process.stdout.write(`child ${String(loaded?.fields['pid'])};\n`);
