import { parseExposition, type Sample } from '@aion/metrics';

/** Reads the samples of a service's admin port. */
export async function scrape(adminUrl: string): Promise<readonly Sample[]> {
  const answer = await fetch(`${adminUrl}/metrics`);
  return parseExposition(await answer.text()).samples;
}

/** Telemetry that a service has given up so far, as `signal reason`. */
export async function dropsOf(adminUrl: string): Promise<Readonly<Record<string, number>>> {
  const samples = await scrape(adminUrl);
  const dropped = samples.filter(({ name, value }) => name === 'aion_telemetry_dropped_total' && value > 0);
  return Object.fromEntries(dropped.map(({ labels, value }) => [`${labels['signal']} ${labels['reason']}`, value]));
}

/** What a process holds outside of code: its heap with what hangs on it, and its resident memory, in bytes. */
export interface Memory {
  readonly heapBytes: number;
  readonly residentBytes: number;
  /** Full collections of garbage so far. */
  readonly collections: number;
}

/** The memory of a service. */
export async function memoryOf(adminUrl: string): Promise<Memory> {
  const samples = await scrape(adminUrl);
  const valueOf = (wanted: string): number => samples.find(({ name }) => name === wanted)?.value ?? NaN;
  return {
    heapBytes: valueOf('nodejs_heap_size_used_bytes') + valueOf('nodejs_external_memory_bytes'),
    residentBytes: valueOf('process_resident_memory_bytes'),
    collections: samples
      .filter(({ name, labels }) => name === 'nodejs_gc_duration_seconds_count' && labels['kind'] === 'major')
      .reduce((sum, { value }) => sum + value, 0),
  };
}
