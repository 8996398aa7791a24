import { useEffect, useState } from 'react'
import { Button, Input } from 'antd'
import { post, type ApiError } from '../../api/client'
import type { LinkPage } from '../../api/verify'
import { Mark as Seal } from '../../components/Mark'
import { useLang, useTitle } from '../../i18n'
import { useSession } from '../../session'
import { ChangeField } from './AnswerDialog'
import './verify.css'

/** The ticket of this device, so that the same person may look again for a while. */
function kept(token: string): string {
  try {
    return sessionStorage.getItem('luoshu.check.' + token.slice(0, 8)) ?? ''
  } catch {
    return ''
  }
}

function keep(token: string, ticket: string): void {
  try {
    sessionStorage.setItem('luoshu.check.' + token.slice(0, 8), ticket)
  } catch {
    // Private windows may refuse; the form then lasts until the page is left.
  }
}

/** The page of a one-time link: one record, to be confirmed or corrected. On a phone first. */
export default function Check() {
  const { t, tx, problem, lang, setLang } = useLang()
  const { session } = useSession()
  const [token] = useState(() => location.hash.replace(/^#/, ''))
  const [page, setPage] = useState<LinkPage | null>(null)
  const [done, setDone] = useState<'confirm' | 'correct' | null>(null)
  const [error, setError] = useState('')
  const [busy, setBusy] = useState(false)
  useTitle(t('ver.link.title'), tx(session?.city.title))

  const show = async (ticket: string) => {
    setBusy(true)
    setError('')
    try {
      const p = await post<LinkPage>('/api/verify/link/open', { token, ticket })
      keep(token, p.ticket)
      setPage(p)
    } catch (cause) {
      setError(problem(cause as ApiError))
    }
    setBusy(false)
  }
  useEffect(() => {
    const ticket = kept(token)
    if (ticket) void show(ticket)
    // Once, when the page opens.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [])

  const answer = async (kind: 'confirm' | 'correct', changes: Record<string, string> = {}, note = '') => {
    setBusy(true)
    setError('')
    try {
      await post('/api/verify/link/answer', { token, ticket: page?.ticket, kind, changes, note })
      setDone(kind)
      setPage(null)
    } catch (cause) {
      setError(problem(cause as ApiError))
    }
    setBusy(false)
  }
  return (
    <main className="check">
      <header>
        <Seal />
        <span>{tx(page?.city ?? session?.city.title)}</span>
        <button type="button" className="lang" onClick={() => setLang(lang === 'en' ? 'zh' : 'en')}>
          {t('app.language')}
        </button>
      </header>
      <div className="wenwu" aria-hidden="true" />
      {tx(page?.notice ?? session?.city.notice) && <p className="notice">{tx(page?.notice ?? session?.city.notice)}</p>}
      <div className="check-card">
        {done ? (
          <div className="check-done" role="status">
            <span aria-hidden="true">✓</span>
            <h1>{t(done === 'confirm' ? 'ver.link.confirmed' : 'ver.link.proposed')}</h1>
            <p className="muted">{t('ver.link.done')}</p>
          </div>
        ) : page ? (
          <Form page={page} busy={busy} onAnswer={answer} />
        ) : (
          <>
            <h1>{t('ver.link.title')}</h1>
            <p>{token ? t('ver.link.ask') : t('ver.link.noToken')}</p>
            {token && !error && (
              <Button type="primary" size="large" block loading={busy} onClick={() => void show('')}>
                {t('ver.link.open')}
              </Button>
            )}
          </>
        )}
        <p className="form-error" role="alert">
          {error}
        </p>
        {!done && <p className="check-privacy">{t('ver.link.privacy')}</p>}
      </div>
    </main>
  )
}

function Form({
  page,
  busy,
  onAnswer,
}: {
  page: LinkPage
  busy: boolean
  onAnswer: (kind: 'confirm' | 'correct', changes?: Record<string, string>, note?: string) => Promise<void>
}) {
  const { t, tx } = useLang()
  const [wrong, setWrong] = useState(false)
  const [changes, setChanges] = useState<Record<string, string>>({})
  const [note, setNote] = useState('')
  const [missing, setMissing] = useState(false)
  const wanted = Object.fromEntries(Object.entries(changes).filter(([, v]) => v.trim() !== ''))
  return (
    <>
      <h1>{tx(page.who) ? t('ver.link.hello', { who: tx(page.who) }) : t('ver.link.title')}</h1>
      <p>{t('ver.link.lead', { org: tx(page.org.title) })}</p>
      {!wrong ? (
        <>
          <dl className="check-fields">
            {page.fields.map((f) => (
              <div key={f.name}>
                <dt>{tx(f.title)}</dt>
                <dd>
                  {tx(f.display) || '—'}
                  {f.masked && f.value !== null && <small>{t('ver.link.masked')}</small>}
                </dd>
              </div>
            ))}
          </dl>
          <Button type="primary" size="large" block loading={busy} onClick={() => void onAnswer('confirm')}>
            {t('ver.link.right')}
          </Button>
          {page.corrects ? (
            <Button size="large" block onClick={() => setWrong(true)}>
              {t('ver.link.wrong')}
            </Button>
          ) : (
            <p className="muted">{t('ver.link.tell')}</p>
          )}
        </>
      ) : (
        <form
          className="ver-form"
          onSubmit={(e) => {
            e.preventDefault()
            setMissing(Object.keys(wanted).length === 0)
            if (Object.keys(wanted).length > 0) void onAnswer('correct', wanted, note)
          }}
        >
          <p className="muted">{t('ver.link.change')}</p>
          {page.fields.map((f) => (
            <ChangeField
              key={f.name}
              column={f}
              now={tx(f.display) || '—'}
              value={changes[f.name] ?? ''}
              onChange={(v) => setChanges((old) => ({ ...old, [f.name]: v }))}
            />
          ))}
          <label className="ver-note">
            {t('ver.link.note')}
            <Input.TextArea value={note} rows={2} maxLength={500} onChange={(e) => setNote(e.target.value)} />
          </label>
          {missing && <p className="bad">{t('ver.link.needChange')}</p>}
          <Button type="primary" size="large" block htmlType="submit" loading={busy}>
            {t('ver.link.send')}
          </Button>
          <Button size="large" block onClick={() => setWrong(false)}>
            {t('ver.link.back')}
          </Button>
        </form>
      )}
    </>
  )
}
