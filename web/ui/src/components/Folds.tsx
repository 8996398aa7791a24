import type { ReactNode } from 'react'
import type { TargetState } from '../api/types'
import { useLang } from '../i18n'
import { useQuery } from '../lib/link'
import { StateTag, targetStates } from './states'
import './folds.css'

export interface Folding {
  opened: (title: string, asked?: boolean) => boolean
  turn: (title: string, open: boolean) => void
  every: (open: boolean) => void
}

/**
 * Which sections of a long page are open: as usual, but for those that the address
 * has. `all` are the titles in the order of the page, `shown` those there now.
 */
export function useFolds(all: string[], shown: string[], usual: boolean): Folding {
  const { values, set } = useQuery()
  const turned = new Set((values.fold ?? '').split('.').filter(Boolean))
  const key = (title: string) => String(all.indexOf(title))
  const keep = (keys: string[]) => set({ fold: keys.sort((a, b) => Number(a) - Number(b)).join('.') || null }, true)
  return {
    opened: (title, asked = false) => asked || usual !== turned.has(key(title)),
    turn: (title, open) => {
      const next = new Set(turned)
      if (open === usual) next.delete(key(title))
      else next.add(key(title))
      keep([...next])
    },
    every: (open) => keep(open === usual ? [] : shown.map(key)),
  }
}

export function FoldAll({ every }: { every: Folding['every'] }) {
  const { t } = useLang()
  return (
    <div className="fold-all">
      <button type="button" className="plain-button" onClick={() => every(true)}>
        {t('fold.openAll')}
      </button>
      <button type="button" className="plain-button" onClick={() => every(false)}>
        {t('fold.closeAll')}
      </button>
    </div>
  )
}


/** The line that opens and closes a section of targets, and what is in it by state. */
export function FoldHead(props: { title: string; of: TargetState[]; open: boolean; turn: () => void; level?: 2 | 3; children?: ReactNode }) {
  const { t } = useLang()
  const Heading = props.level === 3 ? 'h3' : 'h2'
  const count = (s: TargetState) => props.of.filter((x) => x === s).length
  return (
    <Heading className="fold-head">
      <button type="button" aria-expanded={props.open} onClick={props.turn}>
        <span className="fold-title">{props.title}</span>
        <small className="num">{t('fold.n', { n: props.of.length })}</small>
        {targetStates.filter(count).map((s) => (
          <span key={s} className="fold-state">
            <StateTag state={s} /> <small className="num">{count(s)}</small>
          </span>
        ))}
        {props.children}
      </button>
    </Heading>
  )
}
