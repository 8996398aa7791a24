import { useRef, useState } from 'react'
import type { ApiError } from '../../api/client'
import type { CasePaper } from '../../api/flow'
import { useLang } from '../../i18n'
import { percent, size } from '../../lib/format'
import { newId, type DraftFile } from './kept'
import { upload } from './sending'

const most = 10 * 1024 * 1024

/** Papers of a form: sent at once with progress, or kept until there is a network. */
export function PapersInput({
  files,
  needed,
  later = false,
  to,
  onFiles,
}: {
  files: DraftFile[]
  needed: number
  /** Keep them here; they go with the form. */
  later?: boolean
  /** Where they are sent, if not to the papers of cases. */
  to?: string
  onFiles: (change: (files: DraftFile[]) => DraftFile[]) => void
}) {
  const { t, problem } = useLang()
  const [share, setShare] = useState<Record<string, number>>({})
  const [error, setError] = useState('')
  const input = useRef<HTMLInputElement>(null)
  const take = async (list: FileList | null) => {
    setError('')
    for (const file of [...(list ?? [])]) {
      if (file.size > most) {
        setError(t('flow.paperBig', { name: file.name }))
        continue
      }
      const f: DraftFile = { key: newId(), name: file.name, size: file.size, blob: file }
      onFiles((now) => [...now, f])
      if (later) continue
      try {
        setShare((s) => ({ ...s, [f.key]: 0 }))
        const paper: CasePaper = await upload(file, file.name, (x) => setShare((s) => ({ ...s, [f.key]: x })), to)
        onFiles((now) => now.map((x) => (x.key === f.key ? { ...x, paper } : x)))
      } catch (cause) {
        const e = cause as ApiError
        // Without a network it stays here and is sent with the form.
        if (e.status !== 0) {
          onFiles((now) => now.filter((x) => x.key !== f.key))
          setError(`${file.name}${t('common.colon')}${problem(e)}`)
        }
      } finally {
        setShare((s) => Object.fromEntries(Object.entries(s).filter(([k]) => k !== f.key)))
      }
    }
    if (input.current) input.current.value = ''
  }
  return (
    <div className="flow-papers">
      <label className="flow-pick">
        <span className="plain-button">{t('flow.addPaper')}</span>
        <input
          ref={input}
          type="file"
          name="papers"
          multiple
          accept="image/jpeg,image/png,application/pdf,.xlsx"
          onChange={(e) => void take(e.target.files)}
        />
        <span className="flow-hint">
          {needed > 0 && <b className="lost">{t('flow.papersNeeded', { n: needed })} </b>}
          {t('flow.paperKinds')}
        </span>
      </label>
      {files.length > 0 && (
        <ul>
          {files.map((f) => (
            <li key={f.key}>
              <span className="file">{f.name}</span>
              <span className="muted num">{size(f.size)}</span>
              {f.key in share ? (
                <progress value={share[f.key]} max={1} aria-label={f.name}>
                  {percent(share[f.key])}
                </progress>
              ) : (
                <span className={f.paper ? 'flow-sent' : 'muted'}>{t(f.paper ? 'flow.paperSent' : 'flow.paperHere')}</span>
              )}
              <button
                type="button"
                className="text-button"
                aria-label={t('flow.paperDrop', { name: f.name })}
                onClick={() => onFiles((now) => now.filter((x) => x.key !== f.key))}
              >
                {t('flow.drop')}
              </button>
            </li>
          ))}
        </ul>
      )}
      {error && (
        <p className="form-error" role="alert">
          {error}
        </p>
      )}
    </div>
  )
}
