/** The part of Jest's reporter interface that the results reporter implements. */
export default class ResultsReporter {
  constructor(globalConfig: { readonly rootDir: string });
  onRunComplete(contexts: readonly unknown[], results: object): void;
}
