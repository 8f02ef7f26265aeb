/** Loads a model, prints the process id of its child and waits to be killed. Arguments: folder of the models, model id. */
import { createEmbeddedProvider } from '../../src/providers/embedded/create-embedded-provider.ts';
import { createRecordingLogger } from './recording-logger.ts';

const [modelsDir = '', model = ''] = process.argv.slice(2);
const logger = createRecordingLogger();
const provider = createEmbeddedProvider({ modelsDir, logger });
// This prompt takes so long that a child that survives its parent is detected.
const body = { messages: [{ role: 'user', content: 'word '.repeat(3_900) }] };
await provider.createChatCompletion({ model, body, stream: true, signal: new AbortController().signal });
const loaded = logger.lines.find(({ message }) => message === 'Model loaded');
process.stdout.write(`child ${String(loaded?.fields['pid'])};\n`);
