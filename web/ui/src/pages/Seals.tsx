import { useEffect, useState } from 'react'
import { Button, Input, Progress } from 'antd'
import { Link } from 'react-router'
import { ApiError, post } from '../api/client'
import type { Job, SealInfo } from '../api/types'
import { forgetAnswers, useApi } from '../api/use'
import { PageHead } from '../components/parts'
import { Problem, Waiting } from '../components/states'
import { useLang, useTitle } from '../i18n'
import { instant, number } from '../lib/format'
import { useSession } from '../session'

export default function Seals() {
  const { t } = useLang()
  const { may, reload: renew } = useSession()
  const { data, error, reload } = useApi<SealInfo[] | { rows: SealInfo[] }>('/api/seals')
  useTitle(t('seal.title'), t('app.name'))
  const rows = Array.isArray(data) ? data : (data?.rows ?? null)
  const seals = rows ? [...rows].sort((a, b) => b.id.localeCompare(a.id)) : null
  return (
    <div className="page seals">
      <PageHead title={t('seal.title')} lead={t('seal.lead')} />
      {may('seal') && (
        <NewSeal
          onDone={() => {
            forgetAnswers()
            reload()
            void renew()
          }}
        />
      )}
      {error ? (
        <Problem error={error} retry={reload} />
      ) : !seals ? (
        <Waiting />
      ) : !seals.length ? (
        <p className="muted">{t('seal.none')}</p>
      ) : (
        <ol className="seal-list">
          {seals.map((s) => (
            <li key={s.id}>
              <span className="stamp" aria-hidden="true">
                {t('app.sealedAs')}
              </span>
              <div>
                <p className="seal-head">
                  <strong className="mono">{s.id}</strong>
                  <span>{s.note || '—'}</span>
                </p>
                <p className="muted">
                  <time dateTime={s.at}>{instant(s.at)}</time> · {t('seal.signer')} {s.signer}
                  {s.seq ? (
                    <>
                      {' · '}
                      {t('seal.seq')} <span className="num">{number(s.seq)}</span>
                    </>
                  ) : null}
                </p>
                {s.hash && (
                  <p className="mono sha">
                    {t('seal.hash')} {s.hash}
                  </p>
                )}
              </div>
              <Link to={`/?seal=${s.id}`}>{t('seal.open')}</Link>
            </li>
          ))}
        </ol>
      )}
    </div>
  )
}

function NewSeal({ onDone }: { onDone: () => void }) {
  const { t, problem, lang } = useLang()
  const [note, setNote] = useState('')
  const [error, setError] = useState('')
  const [job, setJob] = useState<string | null>(null)
  const [done, setDone] = useState('')
  const state = useJob(job)

  useEffect(() => {
    if (!state || !job) return
    const finished = state.state === 'done'
    if (state.state === 'running') return
    setJob(null)
    if (!finished) {
      const e = state.error
      setError(e ? (lang === 'en' ? e.message_en : e.message_zh) : t('error.internal'))
      return
    }
    setDone((state.result as SealInfo | null)?.id ?? '')
    setNote('')
    onDone()
  }, [state, job, lang, t, onDone])

  const make = async () => {
    if (!note.trim()) return setError(t('seal.needNote'))
    setError('')
    setDone('')
    try {
      const answer = await post<{ job: string }>('/api/seals', { note: note.trim() })
      setJob(answer.job)
    } catch (cause) {
      setError(problem(cause as ApiError))
    }
  }
  const p = state?.progress
  return (
    <section className="new-seal" aria-labelledby="new-seal">
      <h2 id="new-seal">{t('seal.new')}</h2>
      <form
        onSubmit={(e) => {
          e.preventDefault()
          void make()
        }}
      >
        <label htmlFor="note">{t('seal.note')}</label>
        <Input
          id="note"
          value={note}
          maxLength={120}
          placeholder={t('seal.noteHint')}
          disabled={job !== null}
          onChange={(e) => setNote(e.target.value)}
        />
        <Button type="primary" htmlType="submit" loading={job !== null}>
          {t('seal.go')}
        </Button>
      </form>
      {job !== null && (
        <div className="moving" role="status">
          <span>
            {t('seal.running')}… {p?.stage}
          </span>
          <Progress
            percent={p && p.total > 0 ? Math.min(99, Math.floor((p.done / p.total) * 100)) : 100}
            showInfo={Boolean(p && p.total > 0)}
            status="active"
            size="small"
          />
        </div>
      )}
      {done && (
        <p className="success" role="status">
          {t('seal.done', { id: done })} <Link to="/">{t('nav.dashboard')}</Link>
        </p>
      )}
      <p className="form-error" role="alert">
        {error}
      </p>
    </section>
  )
}

/** Asks for a job's progress until the caller lets go of it. */
function useJob(id: string | null): Job | null {
  const [turn, setTurn] = useState(0)
  const { data } = useApi<Job>(id ? `/api/jobs/${id}?t=${turn}` : null, true)
  useEffect(() => {
    if (!id) return
    const timer = setInterval(() => setTurn((n) => n + 1), 500)
    return () => clearInterval(timer)
  }, [id])
  return id ? data : null
}
