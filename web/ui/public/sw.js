// Lets one page of work open again without a network: the form in which a case is
// opened. It keeps the index and the files that the form asked it to keep, and
// nothing else; the API is never answered from here.
const shell = 'luoshu-shell-1'

self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', (e) => e.waitUntil(self.clients.claim()))
self.addEventListener('message', (e) => {
  const list = e.data && e.data.keep
  if (!Array.isArray(list)) return
  const tell = (all) => e.ports[0] && e.ports[0].postMessage(all)
  e.waitUntil(keep(list).then(() => tell(true), () => tell(false)))
})

async function keep(list) {
  const cache = await caches.open(shell)
  const index = new URL('/', self.location.origin).href
  const want = new Set(
    list.map((p) => new URL(p, self.location.origin)).filter((u) => u.origin === self.location.origin && lasting(u)).map((u) => u.href),
  )
  for (const r of await cache.keys()) if (r.url !== index && !want.has(r.url)) await cache.delete(r)
  await cache.add(index)
  for (const u of want) if (!(await cache.match(u, { ignoreVary: true }))) await cache.add(u)
}

// Files whose name has the hash of their content.
const lasting = (u) => u.pathname.startsWith('/assets/') || u.pathname === '/favicon.svg'

self.addEventListener('fetch', (e) => {
  const u = new URL(e.request.url)
  if (e.request.method !== 'GET' || u.origin !== self.location.origin || u.pathname.startsWith('/api/')) return
  if (e.request.mode === 'navigate') {
    // The server first, so that a new release is seen at once.
    e.respondWith(fetch(e.request).catch(async () => (await caches.match('/', { ignoreVary: true })) ?? Response.error()))
  } else if (lasting(u)) {
    e.respondWith(caches.match(e.request, { ignoreVary: true }).then((r) => r ?? fetch(e.request)))
  }
})
