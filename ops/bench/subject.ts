/** What a process of the benchmark measures, seen from inside of it. */
export interface Subject {
  /** Where it serves; subjects that are loaded from outside have one. */
  readonly port?: number;
  /** Does `count` operations and gives the figure of this round; `port` is the server to load, for the load generator. */
  measure(count: number, port: number | undefined): Promise<number>;
}

/** Gives the load generator or one subject. `otlpEndpoint` takes the spans of those that trace. */
export type CreateSubject = (otlpEndpoint: string) => Promise<Subject> | Subject;

/** What the benchmark asks of a subject's process. */
export interface MeasureRequest {
  readonly count: number;
  readonly port: number | undefined;
}

/** What a subject's process says. */
export type SubjectReply =
  | { readonly kind: 'ready'; readonly port: number | undefined }
  | { readonly kind: 'value'; readonly value: number }
  | { readonly kind: 'failure'; readonly message: string };
