import type { Environment } from 'vitest/environments'

/** Compiles panels as a window gets them, not as a server that draws pages. */
const client: Environment = { name: 'client', viteEnvironment: 'client', setup: () => ({ teardown: () => undefined }) }
export default client
