import { readdirSync, readFileSync, rmSync, writeFileSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

const out = join(import.meta.dirname, 'dist')

// Empties dist before a build, but keeps README.txt: the server embeds the folder
// and must compile when the pages have not been built yet.
function cleanDist(): Plugin {
  return {
    name: 'clean-dist',
    apply: 'build',
    buildStart() {
      mkdirSync(out, { recursive: true })
      for (const name of readdirSync(out)) {
        if (name !== 'README.txt') rmSync(join(out, name), { recursive: true, force: true })
      }
    },
  }
}

// Writes a .gz beside every text file that shrinks, so the server need not compress.
function gzipFiles(): Plugin {
  const walk = (dir: string): string[] =>
    readdirSync(dir, { withFileTypes: true }).flatMap((e) =>
      e.isDirectory() ? walk(join(dir, e.name)) : [join(dir, e.name)],
    )
  return {
    name: 'gzip-files',
    apply: 'build',
    closeBundle() {
      if (!existsSync(out)) return
      for (const file of walk(out)) {
        if (!/\.(js|css|html|svg|json)$/.test(file)) continue
        const raw = readFileSync(file)
        const packed = gzipSync(raw, { level: 9 })
        if (packed.length < raw.length) writeFileSync(file + '.gz', packed)
      }
    },
  }
}

export default defineConfig({
  plugins: [cleanDist(), react(), gzipFiles()],
  build: {
    outDir: 'dist',
    emptyOutDir: false,
    assetsDir: 'assets',
    sourcemap: false,
    target: 'es2022',
    chunkSizeWarningLimit: 900,
    // Nothing inline: the server's content policy allows scripts and images from itself only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: {
      '/api': process.env.LUOSHU_URL ?? 'http://127.0.0.1:8080',
    },
  },
})
