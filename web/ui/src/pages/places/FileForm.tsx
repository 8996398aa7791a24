import { useState } from 'react'
import { Link } from 'react-router'
import { ApiError, download, post, url } from '../../api/client'
import type { Layout } from '../../api/run'
import type { Column } from '../../api/types'
import { forgetAnswers, useApi } from '../../api/use'
import { useLang } from '../../i18n'
import { useSession } from '../../session'
import { Field } from './parts'

interface Filed {
  site: string
  case: string
}

const builds = ['build', 'extend', 'reuse']
const days = ['land_due', 'build_due', 'accept_due', 'open_due'] as const

/** Files what a layout builds, extends or uses again as projects, each once. */
export function FileForm({ of }: { of: Layout }) {
  const { t, tx, problem } = useLang()
  const { may } = useSession()
  const sites = of.sites.filter((s) => builds.includes(s.action))
  const about = useApi<{ columns?: Column[]; fields?: Column[] }>(sites.length && may('runs') ? '/api/entities/project' : null)
  const [cells, setCells] = useState<Record<string, string>>({})
  const [area, setArea] = useState('')
  const [busy, setBusy] = useState(false)
  const [failed, setFailed] = useState('')
  const [filed, setFiled] = useState<Filed[] | null>(null)
  if (!sites.length || !may('runs')) return null
  const columns = about.data?.columns ?? about.data?.fields ?? []
  const options = (name: string) => columns.find((c) => c.name === name)?.options ?? []
  const put = (k: string) => (e: { target: { value: string } }) => setCells({ ...cells, [k]: e.target.value })
  const file = async () => {
    setBusy(true)
    setFailed('')
    try {
      const res = await post<{ filed: Filed[] }>('/api/runs/file', { run: of.run, area: Number(area), cells })
      forgetAnswers()
      setFiled(res.filed)
    } catch (cause) {
      setFailed(problem(cause instanceof ApiError ? cause : new ApiError(0, 'internal', null)))
    }
    setBusy(false)
  }
  return (
    <details className="places-filing" data-file="">
      <summary>{t('file.title', { n: sites.length })}</summary>
      <p className="muted">{t('file.lead')}</p>
      <form
        onSubmit={(e) => {
          e.preventDefault()
          void file()
        }}
      >
        <div className="places-fields">
          {(['programme', 'site_urban'] as const).map((k) => (
            <Field key={k} label={t(`file.${k}`)}>
              <select name={k} required value={cells[k] ?? ''} onChange={put(k)}>
                <option value="" />
                {options(k).map((o) => (
                  <option key={o.code} value={o.code}>
                    {tx(o.title)}
                  </option>
                ))}
              </select>
            </Field>
          ))}
          <Field label={t('file.area')}>
            <input name="area" inputMode="decimal" required value={area} onChange={(e) => setArea(e.target.value)} />
          </Field>
          {days.map((k) => (
            <Field key={k} label={t(`file.${k}`)}>
              <input name={k} type="date" required value={cells[k] ?? ''} onChange={put(k)} />
            </Field>
          ))}
          <Field label={t('file.reason_over')}>
            <input name="reason_over" value={cells.reason_over ?? ''} onChange={put('reason_over')} />
          </Field>
        </div>
        <button type="submit" className="plain-button" disabled={busy}>
          {t('file.go')}
        </button>
        {failed && (
          <p className="form-error" role="alert">
            {failed}
          </p>
        )}
      </form>
      {filed && (
        <ul className="places-filed">
          {filed.map((f) => (
            <li key={f.site}>
              {sites.find((s) => s.code === f.site)?.name ?? f.site} <Link to={`/cases/${encodeURIComponent(f.case)}`}>{f.case}</Link>
            </li>
          ))}
        </ul>
      )}
    </details>
  )
}

/** Saves a layout as a paper. */
export function PaperButtons({ of }: { of: Layout }) {
  const { t, lang, problem } = useLang()
  const { may } = useSession()
  const [busy, setBusy] = useState('')
  const [failed, setFailed] = useState('')
  if (!may('export')) return null
  const save = (format: string) => {
    setBusy(format)
    setFailed('')
    download(url(`/api/brief.${format}`, { kind: 'layout', run: of.run, lang }), null, `layout-${of.run}.${format}`)
      .catch((e: unknown) => setFailed(problem(e instanceof ApiError ? e : new ApiError(0, 'internal', null))))
      .finally(() => setBusy(''))
  }
  return (
    <p className="places-choose">
      {(['docx', 'pdf'] as const).map((f) => (
        <button key={f} type="button" className="plain-button" data-paper={f} disabled={busy !== ''} onClick={() => save(f)}>
          {busy === f ? t('board.making') : t(`file.${f}`)}
        </button>
      ))}
      {failed && (
        <span className="lost" role="alert">
          {' '}
          {failed}
        </span>
      )}
    </p>
  )
}
