import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { en, zh, type Key } from './dict'
import { fill, words } from './index'

const keys = Object.keys(zh) as Key[]
const places = (s: string) => [...s.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort()

function sources(dir: string): string {
  return readdirSync(dir, { withFileTypes: true })
    .map((e) => (e.isDirectory() ? sources(join(dir, e.name)) : readFileSync(join(dir, e.name), 'utf8')))
    .join('\n')
}

describe('dictionary', () => {
  it('has the same keys in both languages, none empty', () => {
    expect(Object.keys(en).sort()).toEqual([...keys].sort())
    for (const k of keys) {
      expect(zh[k].trim(), k).not.toBe('')
      expect(en[k].trim(), k).not.toBe('')
    }
  })

  it('has the same places to fill in both languages', () => {
    for (const k of keys) {
      if (k === 'imp.noneOf' || k === 'imp.stage') continue
      expect(places(en[k]), k).toEqual(places(zh[k]))
    }
  })

  it('writes English without Chinese characters, but for the name of the other language', () => {
    for (const k of keys) {
      if (k.startsWith('app.language')) continue
      expect(en[k], k).not.toMatch(/[\u3400-\u9fff]/)
    }
  })

  it('has no word that no page uses', () => {
    const text = sources(join(import.meta.dirname, '..')).replace(/^ {2}'[\w.]+': \[[^]*?\],$/gm, '')
    const families = [
      'state.',
      'certainty.',
      'kind.',
      'better.',
      'sens.',
      'imp.state.',
      'plan.status.',
      'common.table',
      'common.chart',
      'common.map',
      'hub.',
      'step.',
      'right.',
    ]
    const unused = keys.filter((k) => !text.includes(`'${k}'`) && !families.some((f) => k.startsWith(f)))
    expect(unused).toEqual([])
  })
})

describe('words', () => {
  it('fills places and leaves unknown ones', () => {
    expect(fill('{a} of {b}', { a: 1 })).toBe('1 of {b}')
  })
  it('falls back to the other language', () => {
    expect(words({ zh: '洛阳', en: '' }, 'en')).toBe('洛阳')
    expect(words('plain', 'zh')).toBe('plain')
    expect(words(null, 'zh')).toBe('')
  })
})
