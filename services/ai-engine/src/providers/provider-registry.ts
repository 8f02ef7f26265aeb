import { ModelNotFoundError } from '@aion/errors';
import { redactText, type Logger } from '@aion/logging';
import { BOUNDED_SETS } from '@aion/metrics';
import type { Provider, ProviderModel } from './provider.ts';

/** Provider and the name of one of its models. */
export interface RoutedModel {
  readonly provider: Provider;
  readonly model: string;
}

/** Registry that maps models to providers. */
export interface ProviderRegistry {
  /** Returns the provider of a model. @throws ModelNotFoundError that names some existing models */
  route(model: string): Promise<RoutedModel>;
  listModels(): Promise<readonly ProviderModel[]>;
  /** Returns the model's name if it belongs to the bounded set of known models, else `other`: safe as a metric label. */
  labelOf(model: string): string;
  close(): Promise<void>;
}

const CACHE_MS = 30_000;

/** Creates a registry; of two providers with the same model the earlier one takes precedence. */
export function createProviderRegistry(providers: readonly Provider[], logger: Logger): ProviderRegistry {
  const cache = new Map<string, { models: readonly ProviderModel[]; freshUntil: number }>();
  const labels = new Set<string>();

  const modelsOf = async (provider: Provider): Promise<readonly ProviderModel[]> => {
    const cached = cache.get(provider.name);
    if (cached !== undefined && cached.freshUntil > performance.now()) return cached.models;
    try {
      const models = await provider.listModels();
      cache.set(provider.name, { models, freshUntil: performance.now() + CACHE_MS });
      for (const { id } of models) if (labels.size < BOUNDED_SETS.model.maxValues) labels.add(id);
      return models;
    } catch (error) {
      // An unreachable provider must not hide the others; its last list remains valid.
      logger.warn('Models of a provider could not be listed', { provider: provider.name, error });
      return cached?.models ?? [];
    }
  };

  const listModels = async (): Promise<readonly ProviderModel[]> => {
    const all = (await Promise.all(providers.map(modelsOf))).flat();
    return all.filter((model, index) => all.findIndex((other) => other.id === model.id) === index);
  };

  return {
    listModels,
    route: async (name) => {
      const [prefix, rest] = splitPrefix(name);
      const named = providers.find((provider) => provider.name === prefix && provider.name !== 'embedded');
      if (named !== undefined && rest !== '') return { provider: named, model: rest };
      for (const provider of providers) {
        if ((await modelsOf(provider)).some((model) => model.id === name)) return { provider, model: name };
      }
      const known = (await listModels()).slice(0, 5).map((model) => model.id);
      throw new ModelNotFoundError(
        `There is no model "${redactText(name.slice(0, 100))}". Use one of GET /v1/models, such as ${known.join(', ')}.`,
        { param: 'model' },
      );
    },
    labelOf: (model) => (labels.has(model) ? model : 'other'),
    close: async () => {
      await Promise.all(providers.map((provider) => provider.close()));
    },
  };
}

function splitPrefix(name: string): [prefix: string, rest: string] {
  const at = name.indexOf('/');
  return at === -1 ? ['', name] : [name.slice(0, at), name.slice(at + 1)];
}
