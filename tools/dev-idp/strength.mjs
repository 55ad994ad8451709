// How strongly somebody signed in, and how an app asks for more (OpenID Connect Core §5.5.1.1, RFC 9470).

export const oneFactor = { acr: 'urn:hipaa-template:1fa', amr: ['pwd'] };
export const severalFactors = { acr: 'urn:hipaa-template:mfa', amr: ['pwd', 'otp', 'mfa'] };

export const acrValues = [oneFactor.acr, severalFactors.acr];

/** Takes the parameters of an authorization request as they were sent: `claims` is JSON. */
export function requestedStrength({ acr_values: words = '', claims = '{}' }) {
  const { value, values } = JSON.parse(claims).id_token?.acr ?? {};
  const requested = [words.split(' '), value, values].flat();
  return requested.includes(severalFactors.acr) ? severalFactors : oneFactor;
}
