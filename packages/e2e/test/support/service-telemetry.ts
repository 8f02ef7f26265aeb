import { parseExposition, type Sample } from '@aion/metrics';

/** Reads the metrics of the admin port of a service. */
export async function scrape(adminUrl: string): Promise<readonly Sample[]> {
  const answer = await fetch(`${adminUrl}/metrics`);
  return parseExposition(await answer.text()).samples;
}

/** Reads the amount of telemetry that a service has dropped so far, by `signal reason`. */
export async function readDrops(adminUrl: string): Promise<Readonly<Record<string, number>>> {
  const samples = await scrape(adminUrl);
  const dropped = samples.filter(({ name, value }) => name === 'aion_telemetry_dropped_total' && value > 0);
  return Object.fromEntries(dropped.map(({ labels, value }) => [`${labels['signal']} ${labels['reason']}`, value]));
}
