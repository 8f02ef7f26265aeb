import { planPorts } from './port-plan.ts';

describe('planPorts', () => {
  it('returns the documented ports without an argument', () => {
    expect(planPorts()).toEqual({
      'web-api': { port: 8080, adminPort: 9464 },
      'ai-engine': { port: 8081, adminPort: 9465 },
      'database-gateway': { port: 8082, adminPort: 9466 },
      'data-export': { port: 8083, adminPort: 9467 },
    });
  });

  it('derives all ports from one number', () => {
    expect(planPorts(18_080)).toEqual({
      'web-api': { port: 18_080, adminPort: 18_090 },
      'ai-engine': { port: 18_081, adminPort: 18_091 },
      'database-gateway': { port: 18_082, adminPort: 18_092 },
      'data-export': { port: 18_083, adminPort: 18_093 },
    });
  });

  it('accepts the highest number whose ports exist, and rejects the next one and 0', () => {
    expect(planPorts(65_522)['data-export'].adminPort).toBe(65_535);
    expect(() => planPorts(65_523)).toThrow('from 1 to 65522');
    expect(() => planPorts(0)).toThrow('--port is 0');
  });
});
