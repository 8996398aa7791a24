import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from 'react'
import type { ApiError } from '../api/client'
import type { Lang, Words } from '../api/types'
import { en, zh, type Key } from './dict'

type Values = Record<string, string | number>

export interface Language {
  lang: Lang
  setLang: (l: Lang) => void
  t: (key: Key, values?: Values) => string
  tx: (w: Words) => string
  problem: (e: ApiError | Error) => string
}

const stored = 'luoshu.lang'
const Context = createContext<Language | null>(null)

/** Fills {name} places of a sentence. */
export function fill(text: string, values?: Values): string {
  return values ? text.replace(/\{(\w+)\}/g, (all, k: string) => (k in values ? String(values[k]) : all)) : text
}

/** A label in the given language; falls back to the other one rather than to nothing. */
export function words(w: Words, lang: Lang): string {
  if (w === null || w === undefined) return ''
  if (typeof w === 'string') return w
  if (typeof w === 'number') return String(w)
  return (lang === 'en' ? w.en || w.zh : w.zh || w.en) ?? ''
}

function remembered(): Lang {
  try {
    return localStorage.getItem(stored) === 'en' ? 'en' : 'zh'
  } catch {
    return 'zh'
  }
}

export function LanguageProvider({ children }: { children: ReactNode }) {
  const [lang, setState] = useState<Lang>(remembered)
  useEffect(() => {
    document.documentElement.lang = lang === 'en' ? 'en' : 'zh-CN'
  }, [lang])
  const setLang = useCallback((l: Lang) => {
    try {
      localStorage.setItem(stored, l)
    } catch {
      // Private windows may refuse; the choice then lasts until the page is left.
    }
    setState(l)
  }, [])
  const value = useMemo<Language>(() => {
    const dict = lang === 'en' ? en : zh
    const t = (key: Key, values?: Values) => fill(dict[key], values)
    const problem = (e: ApiError | Error) => {
      const text = 'text' in e ? e.text : null
      if (text) return words(text, lang)
      const kind = 'kind' in e ? e.kind : ''
      if (kind === 'network') return t('error.network')
      if (kind === 'unavailable') return t('error.unavailable')
      return t('error.internal')
    }
    return { lang, setLang, t, tx: (w) => words(w, lang), problem }
  }, [lang, setLang])
  return <Context value={value}>{children}</Context>
}

export function useLang(): Language {
  const l = useContext(Context)
  if (!l) throw new Error('LanguageProvider is missing')
  return l
}

/** Sets the document's title: "page · city". */
export function useTitle(...parts: string[]): void {
  const title = parts.filter(Boolean).join(' · ')
  useEffect(() => {
    if (title) document.title = title
  }, [title])
}
