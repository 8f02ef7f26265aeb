import { runService } from '@aion/http';
import { loadAiEngineConfig } from './config.ts';
import { createAiEngine } from './create-ai-engine.ts';

await runService({ name: 'ai-engine', version: '0.1.0', loadConfig: loadAiEngineConfig, create: createAiEngine });
