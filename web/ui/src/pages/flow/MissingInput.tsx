import { useState } from 'react'
import type { Missing } from '../../api/flow'
import type { Column } from '../../api/types'
import { useLang } from '../../i18n'

/** The one list of everything that is missing: fields of the register, or papers by name. */
export function MissingInput({
  columns,
  list,
  onList,
}: {
  columns: Column[]
  list: Missing[]
  onList: (list: Missing[]) => void
}) {
  const { t, tx } = useLang()
  const [what, setWhat] = useState('')
  const [paper, setPaper] = useState('')
  const [note, setNote] = useState('')
  const isPaper = what === '#paper'
  const ripe = what && note.trim() && (!isPaper || paper.trim())
  const add = () => {
    onList([...list, isPaper ? { paper: paper.trim(), note: note.trim() } : { field: what, note: note.trim() }])
    setWhat('')
    setPaper('')
    setNote('')
  }
  return (
    <fieldset className="flow-missing">
      <legend>{t('flow.missing')}</legend>
      <p className="flow-hint">{t('flow.missingHint')}</p>
      {list.length > 0 && (
        <ol>
          {list.map((m, i) => (
            <li key={i}>
              <span>
                <strong>{m.field ? tx(columns.find((c) => c.name === m.field)?.title) : m.paper}</strong>
                {t('common.colon')}
                {m.note}
              </span>
              <button type="button" className="text-button" onClick={() => onList(list.filter((_, j) => j !== i))}>
                {t('flow.drop')}
              </button>
            </li>
          ))}
        </ol>
      )}
      <div className="flow-missing-add">
        <select className="flow-input" aria-label={t('flow.missingWhat')} value={what} onChange={(e) => setWhat(e.target.value)}>
          <option value="">{t('flow.missingWhat')}</option>
          <option value="#paper">{t('flow.missingPaper')}</option>
          {columns.map((c) => (
            <option key={c.name} value={c.name}>
              {tx(c.title)}
            </option>
          ))}
        </select>
        {isPaper && (
          <input
            className="flow-input"
            aria-label={t('flow.missingPaperName')}
            placeholder={t('flow.missingPaperName')}
            value={paper}
            onChange={(e) => setPaper(e.target.value)}
          />
        )}
        <input
          className="flow-input"
          aria-label={t('flow.missingNote')}
          placeholder={t('flow.missingNote')}
          value={note}
          onChange={(e) => setNote(e.target.value)}
        />
        <button type="button" className="plain-button" disabled={!ripe} onClick={add}>
          {t('flow.missingAdd')}
        </button>
      </div>
    </fieldset>
  )
}
