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
