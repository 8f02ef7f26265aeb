/** Unit of measurement inside its process: an operation, a server or the load generator. */
export interface Subject {
  /** Port of a subject that is a server. */
  readonly port?: number;
  /** Executes `count` operations and returns the figure of this round; `port` is the server that the load generator loads. */
  measure(count: number, port: number | undefined): Promise<number>;
}

/** Creates the load generator or one subject. Subjects that trace export their spans to `otlpEndpoint`. */
export type CreateSubject = (otlpEndpoint: string) => Promise<Subject> | Subject;

/** Request of the benchmark to a subject's process. */
export interface MeasureRequest {
  readonly count: number;
  readonly port: number | undefined;
}

/** Reply of a subject's process. */
export type SubjectReply =
  | { readonly kind: 'ready'; readonly port: number | undefined }
  | { readonly kind: 'value'; readonly value: number }
  | { readonly kind: 'failure'; readonly message: string };
