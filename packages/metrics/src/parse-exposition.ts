/** Sample of an exposition. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Parsed exposition. */
export interface Exposition {
  /** Types of metric families with a `# TYPE` line. */
  readonly types: ReadonlyMap<string, string>;
  readonly samples: readonly Sample[];
}

const SAMPLE = /^([a-z_:][\w:]*)(?:\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\})? (\S+)/i;
const LABEL = /([a-z_]\w*)="((?:[^"\\]|\\.)*)"/gi;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n' };

/**
 * Parses the Prometheus text format 0.0.4 or OpenMetrics 1.0; ignores exemplars and timestamps.
 * @throws SyntaxError for a line that is neither a comment nor a sample
 */
export function parseExposition(text: string): Exposition {
  const types = new Map<string, string>();
  const samples: Sample[] = [];
  for (const line of text.split('\n')) {
    const type = /^# TYPE (\S+) (\S+)$/.exec(line);
    if (type?.[1] !== undefined && type[2] !== undefined) types.set(type[1], type[2]);
    if (line !== '' && !line.startsWith('#')) samples.push(parseSample(line));
  }
  return { types, samples };
}

function parseSample(line: string): Sample {
  const [, name, labels = '', value] = SAMPLE.exec(line) ?? [];
  if (name === undefined || value === undefined) throw new SyntaxError(`"${line}" is not a sample`);
  const pairs = [...labels.matchAll(LABEL)].map(([, label = '', text = '']) => [label, unescape(text)] as const);
  return { name, labels: Object.fromEntries(pairs), value: parseValue(value) };
}

function unescape(text: string): string {
  return text.replaceAll(/\\(.)/g, (_match, character: string) => ESCAPES[character] ?? character);
}

function parseValue(text: string): number {
  return /^[+-]?Inf$/.test(text) ? Number(text.replace('Inf', 'Infinity')) : Number(text);
}
