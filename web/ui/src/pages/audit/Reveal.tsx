import { useEffect, useId, useState, type FormEvent } from 'react'
import { post, type ApiError } from '../../api/client'
import type { ReadEntry, Revealed } from '../../api/audit'
import type { Column } from '../../api/types'
import { useApi } from '../../api/use'
import { useLang } from '../../i18n'
import { instant } from '../../lib/format'
import './audit.css'

/**
 * Opens one masked value with a reason and shows it for as long as the server says.
 * The value lives in this component only: no cache, no address, no storage.
 */
export function OpenValue({
  entity,
  rec,
  column,
  onOpened,
}: {
  entity: string
  rec: number
  column: Column
  onOpened: () => void
}) {
  const { t, tx, problem } = useLang()
  const [asking, setAsking] = useState(false)
  const [reason, setReason] = useState('')
  const [error, setError] = useState('')
  const [busy, setBusy] = useState(false)
  const [shown, setShown] = useState<Revealed | null>(null)
  const [left, setLeft] = useState(0)
  const id = useId()

  useEffect(() => {
    if (!shown) return
    const end = Date.now() + shown.seconds * 1000
    const timer = setInterval(() => {
      const rest = Math.ceil((end - Date.now()) / 1000)
      setLeft(rest)
      if (rest <= 0) setShown(null)
    }, 250)
    return () => clearInterval(timer)
  }, [shown])

  const go = async (e: FormEvent) => {
    e.preventDefault()
    if ([...reason.trim()].length < 4) return setError(t('reveal.short'))
    setBusy(true)
    setError('')
    try {
      const got = await post<Revealed>(`/api/records/${entity}/${rec}/reveal`, {
        field: column.name,
        reason: reason.trim(),
      })
      setLeft(got.seconds)
      setShown(got)
      setAsking(false)
      setReason('')
      onOpened()
    } catch (cause) {
      setError(problem(cause as ApiError))
    } finally {
      setBusy(false)
    }
  }

  if (shown) {
    return (
      <span className="opened" role="status">
        <strong>{typeof shown.display === 'object' ? tx(shown.display) : String(shown.display ?? '—')}</strong>
        <small>
          {t('reveal.hides', { n: left })} · {t('reveal.left', { n: shown.left })}
        </small>
      </span>
    )
  }
  if (!asking) {
    return (
      <button
        type="button"
        className="text-button open-value"
        aria-label={t('reveal.title', { field: tx(column.title) })}
        onClick={() => setAsking(true)}
      >
        {t('reveal.open')}
      </button>
    )
  }
  return (
    <form className="open-form" onSubmit={(e) => void go(e)} aria-label={t('reveal.title', { field: tx(column.title) })}>
      <label htmlFor={id}>{t('reveal.why')}</label>
      <input
        id={id}
        value={reason}
        maxLength={200}
        placeholder={t('reveal.whyHint')}
        autoComplete="off"
        autoFocus
        onChange={(e) => setReason(e.target.value)}
      />
      <p className="muted">{t('reveal.warn')}</p>
      <p className="form-error" role="alert">
        {error}
      </p>
      <span className="open-buttons">
        <button type="submit" className="plain-button strong" disabled={busy}>
          {t('reveal.go')}
        </button>
        <button type="button" className="plain-button" onClick={() => setAsking(false)}>
          {t('common.cancel')}
        </button>
      </span>
    </form>
  )
}

/** Who opened values of a record: what its holder may tell the person concerned. */
export function Readers({ entity, rec, turn }: { entity: string; rec: number; turn: number }) {
  const { t, tx } = useLang()
  const { data, error } = useApi<{ rows: ReadEntry[] }>(`/api/records/${entity}/${rec}/reads?t=${turn}`, true)
  if (error || !data) return null
  return (
    <section aria-labelledby="readers" className="readers">
      <h2 id="readers">{t('reveal.log')}</h2>
      <p className="muted">{data.rows.length ? t('reveal.logLead') : t('reveal.nobody')}</p>
      {data.rows.length > 0 && (
        <ol>
          {data.rows.map((x) => (
            <li key={x.seq}>
              <p>
                <strong>{tx(x.field)}</strong> <time dateTime={x.at}>{instant(x.at)}</time>
              </p>
              <p className="muted">
                {x.person} · {tx(x.role_title)} · {tx(x.org_title)}
              </p>
              <p>{x.reason}</p>
            </li>
          ))}
        </ol>
      )}
    </section>
  )
}
