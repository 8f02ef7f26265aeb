import type { ServiceName } from '@aion/contracts';
import { AuthenticationError } from '@aion/errors';
import { jwtVerify, SignJWT } from 'jose';

const LIFETIME_SECONDS = 60;
const RENEW_BEFORE_SECONDS = 20;
const MAX_VERIFIED = 1_000;
const SERVICES: readonly ServiceName[] = ['web-api', 'ai-engine', 'database-gateway', 'data-export'];

/** Short-lived tokens that authenticate services to each other (JWT, RFC 7519, HS256). */
export interface ServiceTokens {
  /** Returns a token for one service; signs a new one when less than a third of the lifetime of a minute remains. */
  issue(audience: ServiceName): Promise<string>;
  /**
   * Returns the name of the calling service.
   * @throws AuthenticationError when the token is not valid for this service
   */
  verify(token: string | undefined): Promise<ServiceName>;
}

/** Creates the tokens of one service. All four share `secret`. */
export function createServiceTokens(options: {
  readonly secret: string;
  readonly service: ServiceName;
}): ServiceTokens {
  const key = new TextEncoder().encode(options.secret);
  const issued = new Map<ServiceName, { token: string; renewAt: number }>();
  const verified = new Map<string, { service: ServiceName; expiresAt: number }>();

  const verifyFresh = async (token: string): Promise<ServiceName> => {
    const { payload } = await jwtVerify(token, key, { audience: options.service, algorithms: ['HS256'] });
    const service = SERVICES.find((name) => name === payload.iss);
    if (service === undefined || payload.exp === undefined) throw new Error(`unknown issuer ${payload.iss ?? 'none'}`);
    if (verified.size >= MAX_VERIFIED) verified.clear();
    verified.set(token, { service, expiresAt: payload.exp });
    return service;
  };

  return {
    issue: async (audience) => {
      const now = Date.now() / 1_000;
      const cached = issued.get(audience);
      if (cached !== undefined && cached.renewAt > now) return cached.token;
      const token = await new SignJWT({})
        .setProtectedHeader({ alg: 'HS256' })
        .setIssuer(options.service)
        .setAudience(audience)
        .setIssuedAt()
        .setExpirationTime(`${LIFETIME_SECONDS}s`)
        .sign(key);
      issued.set(audience, { token, renewAt: now + LIFETIME_SECONDS - RENEW_BEFORE_SECONDS });
      return token;
    },
    verify: async (token) => {
      if (token === undefined)
        throw new AuthenticationError('The service token is missing: this route is for services of AION only.');
      const known = verified.get(token);
      if (known !== undefined && known.expiresAt > Date.now() / 1_000) return known.service;
      verified.delete(token);
      try {
        return await verifyFresh(token);
      } catch (error) {
        throw new AuthenticationError('The service token is not valid for this service.', { cause: error });
      }
    },
  };
}
