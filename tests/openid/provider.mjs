// A certified OpenID provider on loopback for the tests. It prints its issuer as one line of JSON and ends when its
// standard input does. `POST /control` makes it err in the ways a client must notice; what it signs then is signed by
// its own published key, so that only the fault at hand is wrong.
import { createServer } from 'node:http'
import { Provider } from 'oidc-provider'
import { decodeJwt, exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'

const staff = {
  karin: { name: 'Karin Holm', roles: ['Skranke medarbejder', 'Andet system'] },
  hanne: { name: 'Hanne Lund', roles: ['Skranke leder'] },
  gert: { name: 'Gert Ny', roles: ['Andet system'] },
}

const key = async (kid) => {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
  const common = { kid, alg: 'RS256', use: 'sig' }
  return { privateKey, secret: { ...await exportJWK(privateKey), ...common }, open: { ...await exportJWK(publicKey), ...common } }
}
const [first, second] = [await key('first'), await key('second')]
let faults = {}

const server = createServer()
await new Promise((done) => server.listen(0, '127.0.0.1', done))
const issuer = `http://127.0.0.1:${server.address().port}`

const provider = new Provider(issuer, {
  clients: [{
    client_id: 'skranke',
    application_type: 'native',
    token_endpoint_auth_method: 'none',
    redirect_uris: ['http://127.0.0.1/callback'],
  }],
  jwks: { keys: [first.secret] },
  cookies: { keys: ['only for tests'] },
  claims: { openid: ['sub', 'name', 'preferred_username', 'roles'] },
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  ttl: { AuthorizationCode: () => faults.code_seconds ?? 60, AccessToken: 60, Grant: 600, IdToken: 300, Interaction: 600, Session: 600 },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, preferred_username: id, ...staff[id] }),
  }),
})

const signedAnew = async (token) => {
  const claims = { ...decodeJwt(token), ...faults.claims }
  if (faults.alg === 'none') return new UnsecuredJWT(claims).encode()
  // What everyone may read, taken for a secret.
  if (faults.alg === 'HS256') return new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'first' }).sign(new TextEncoder().encode(first.open.n))
  const signer = faults.rotated ? second : first
  return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: signer.open.kid }).sign(signer.privateKey)
}

provider.use(async (context, next) => {
  await next()
  if (context.path === '/token' && context.body?.id_token) context.body = { ...context.body, id_token: await signedAnew(context.body.id_token) }
  if (context.path === '/jwks' && faults.rotated) context.body = { keys: [second.open] }
})

const answer = provider.callback()
server.on('request', (request, response) => {
  if (request.url !== '/control') return answer(request, response)
  let text = ''
  request.on('data', (piece) => { text += piece })
  request.on('end', () => {
    faults = JSON.parse(text)
    response.end()
  })
})

console.log(JSON.stringify({ issuer }))
process.stdin.resume()
process.stdin.on('end', () => process.exit(0))
