import { useCallback, useEffect, useState } from 'react'
import { Link } from 'react-router'
import { useLang } from '../../i18n'
import { instant } from '../../lib/format'
import { useQuery } from '../../lib/link'
import { draftsOf, dropDraft, onDrafts, type DraftHead } from './kept'

/** Drafts on this device, kept up to date. */
export function useDrafts(owner: string): DraftHead[] {
  const [list, setList] = useState<DraftHead[]>([])
  const read = useCallback(() => void draftsOf(owner).then(setList), [owner])
  useEffect(() => {
    read()
    return onDrafts(read)
  }, [read])
  return list
}

/** Drafts of the reader; those of one type on its own form, without the one that is open. */
export function DraftList({ owner, type, title }: { owner: string; type?: string; title: string }) {
  const { t, tx } = useLang()
  const { values } = useQuery()
  const list = useDrafts(owner).filter((d) => !type || (d.type === type && d.id !== values.draft))
  if (!list.length) return null
  return (
    <section className="flow-drafts" aria-label={title}>
      <h2>{title}</h2>
      <ul>
        {list.map((d) => (
          <li key={d.id}>
            <span>
              <Link to={`/cases/new/${d.type}?draft=${d.id}`}>{tx(d.title)}</Link>{' '}
              <span className="muted">
                {Object.values(d.labels).filter(Boolean)[0]} <span className="num">{instant(d.at)}</span>{' '}
                {d.files.length > 0 && t('flow.draftFiles', { n: d.files.length })}
              </span>
              {d.problem && <span className="lost"> {d.problem}</span>}
            </span>
            <span className="tag" data-flow={d.ready ? 'late' : 'open'}>
              {t(d.ready ? 'flow.draftReady' : 'flow.draftOpen')}
            </span>
            <button type="button" className="text-button" onClick={() => void dropDraft(d.id)}>
              {t('flow.throwAway')}
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}
