import type { ServiceName } from '@aion/contracts';
import { LauncherError } from './launcher-error.ts';

/** The four services in the order in which they stop: each before the services that it calls. */
export const SERVICE_NAMES = [
  'web-api',
  'ai-engine',
  'data-export',
  'database-gateway',
] as const satisfies readonly ServiceName[];

/** Public and admin port of a service. */
export interface ServicePorts {
  readonly port: number;
  readonly adminPort: number;
}

/** Ports of the four services. */
export type PortPlan = Readonly<Record<ServiceName, ServicePorts>>;

const OFFSETS: Readonly<Record<ServiceName, number>> = {
  'web-api': 0,
  'ai-engine': 1,
  'database-gateway': 2,
  'data-export': 3,
};
const ADMIN_OFFSET = 10;
const STANDARD = { first: 8080, firstAdmin: 9464 };
const LAST_OFFSET = ADMIN_OFFSET + 3;

/**
 * Returns the standard ports (8080 to 8083, admin 9464 to 9467) or ports derived from one number: the services at
 * `firstPort` to `firstPort + 3`, their admin ports ten above.
 * @throws LauncherError if a port would exceed 65535
 */
export function planPorts(firstPort?: number): PortPlan {
  if (
    firstPort !== undefined &&
    !(Number.isInteger(firstPort) && firstPort >= 1 && firstPort + LAST_OFFSET <= 65_535)
  ) {
    throw new LauncherError(`--port is ${firstPort}. Give a number from 1 to ${65_535 - LAST_OFFSET}.`, {
      exitCode: 2,
    });
  }
  const first = firstPort ?? STANDARD.first;
  const firstAdmin = firstPort === undefined ? STANDARD.firstAdmin : firstPort + ADMIN_OFFSET;
  const portsOf = (service: ServiceName): ServicePorts => ({
    port: first + OFFSETS[service],
    adminPort: firstAdmin + OFFSETS[service],
  });
  return {
    'web-api': portsOf('web-api'),
    'ai-engine': portsOf('ai-engine'),
    'database-gateway': portsOf('database-gateway'),
    'data-export': portsOf('data-export'),
  };
}
