import type { ServiceName } from '@aion/contracts';
import picocolors from 'picocolors';
import { SERVICE_NAMES } from './platform/port-plan.ts';
import type { ServiceOutput } from './platform/service-process.ts';

const COLORS = ['cyan', 'magenta', 'yellow', 'green'] as const;
const WIDTH = Math.max(...SERVICE_NAMES.map(({ length }) => length));

/** Lets every line of a service begin with its name. */
export function createPrefixedOutput(out: NodeJS.WritableStream): (service: ServiceName) => ServiceOutput {
  return (service) => {
    const color = COLORS[SERVICE_NAMES.indexOf(service)] ?? 'cyan';
    const prefix = picocolors[color](`${service.padEnd(WIDTH)} | `);
    return { kind: 'lines', write: (line) => void out.write(`${prefix}${line}\n`) };
  };
}
