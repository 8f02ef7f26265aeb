import { LauncherError } from '../platform/launcher-error.ts';

/** Id of the built-in model, which is always available. */
export const EXTRACTIVE_MODEL = 'embedded/extractive';

/**
 * Returns a GGUF model if there is one and `preferLanguageModel` is not false, otherwise the extractive model.
 * @throws LauncherError if `preferLanguageModel` is true and there is no GGUF model
 */
export function chooseModel(models: readonly string[], preferLanguageModel: boolean | undefined): string {
  const languageModel = models.find((id) => id.startsWith('embedded/') && id !== EXTRACTIVE_MODEL);
  if (preferLanguageModel === false) return EXTRACTIVE_MODEL;
  if (languageModel !== undefined) return languageModel;
  if (preferLanguageModel !== true) return EXTRACTIVE_MODEL;
  throw new LauncherError(
    '--model requires a language model, and none is installed. Put a GGUF file into .aion/models.',
  );
}
