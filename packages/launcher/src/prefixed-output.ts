import type { ServiceName } from '@aion/contracts';
import picocolors from 'picocolors';
import { createLineWriter } from './platform/relay-lines.ts';
import { SERVICE_NAMES } from './platform/port-plan.ts';
import type { ServiceOutput } from './platform/service-process.ts';

const COLORS = ['cyan', 'magenta', 'yellow', 'green'] as const;
const WIDTH = Math.max(...SERVICE_NAMES.map(({ length }) => length));

/** Creates service outputs that prefix each line with the name of the service. */
export function createPrefixedOutput(out: NodeJS.WritableStream): (service: ServiceName) => ServiceOutput {
  const write = createLineWriter(out);
  return (service) => {
    const color = COLORS[SERVICE_NAMES.indexOf(service)] ?? 'cyan';
    const prefix = picocolors[color](`${service.padEnd(WIDTH)} | `);
    return { kind: 'lines', write: (lines) => write(lines.map((line) => `${prefix}${line}`)) };
  };
}
