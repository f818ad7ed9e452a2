// Files over HTTP on loopback, as any static host serves them.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'

const TYPES = { '.css': 'text/css', '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm' }

/**
 * Serves `roots`, directories by the path that they are mounted at, longest paths first, at `http://127.0.0.1:port/`.
 * `edit(text, path)` changes what is text.
 */
export async function serve (roots, port, edit = text => text) {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url, 'http://localhost').pathname)
    const file = path.endsWith('/') ? `${path}index.html` : path
    const mount = Object.keys(roots).find(mount => file.startsWith(mount))
    try {
      const bytes = readFileSync(join(roots[mount], file.slice(mount.length)))
      const type = TYPES[extname(file)] ?? 'application/octet-stream'
      const isText = type.startsWith('text/')
      response.writeHead(200, { 'content-type': isText ? `${type}; charset=utf-8` : type })
      response.end(isText ? edit(bytes.toString('utf8'), file) : bytes)
    } catch {
      response.writeHead(404).end()
    }
  })
  await new Promise((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${port}/`, close: () => server.close() }
}
