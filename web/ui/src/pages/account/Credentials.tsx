import { useState } from 'react'
import { Button, Input, Popconfirm, Select } from 'antd'
import { post } from '../../api/client'
import type { CredentialRequest } from '../../api/account'
import { forgetAnswers, useApi } from '../../api/use'
import { PageHead } from '../../components/parts'
import { Nothing, Problem, Waiting } from '../../components/states'
import { useLang, useTitle } from '../../i18n'
import { instant } from '../../lib/format'
import { useQuery } from '../../lib/link'
import { FormError, Once, useDoing } from './parts'

const whats = ['password', 'factors', 'subject'] as const

/** Where an administrator's credentials are asked for, agreed to and given anew. */
export default function Credentials() {
  const { t } = useLang()
  const { values } = useQuery()
  const { data, error, reload } = useApi<{ rows: CredentialRequest[]; may_ask: boolean }>('/api/credentials', true)
  const [made, setMade] = useState<{ name: string; password: string } | null>(null)
  useTitle(t('cred.title'), t('app.name'))
  const again = () => {
    forgetAnswers()
    reload()
  }
  return (
    <div className="page admin">
      <PageHead title={t('cred.title')} lead={t('cred.lead')} />
      {data?.may_ask && <Ask account={values.account ?? ''} onDone={again} />}
      {made && (
        <Once lead={t('acc.first')}>
          {made.name}  {made.password}
        </Once>
      )}
      {error ? (
        <Problem error={error} retry={reload} />
      ) : !data ? (
        <Waiting />
      ) : !data.rows.length ? (
        <Nothing />
      ) : (
        <ul className="rows people">
          {data.rows.map((r) => (
            <Row key={r.id} r={r} again={again} onMade={setMade} />
          ))}
        </ul>
      )}
    </div>
  )
}

function Ask({ account, onDone }: { account: string; onDone: () => void }) {
  const { t } = useLang()
  const [name, setName] = useState(account)
  const [what, setWhat] = useState<(typeof whats)[number]>('password')
  const [subject, setSubject] = useState('')
  const [reason, setReason] = useState('')
  const { busy, error, run } = useDoing()
  return (
    <section aria-labelledby="cred-ask">
      <h2 id="cred-ask">{t('cred.ask')}</h2>
      <form
        className="inline-form"
        onSubmit={(e) => {
          e.preventDefault()
          void run(async () => {
            await post('/api/credentials', { account: name.trim(), what, subject: what === 'subject' ? subject.trim() : '', reason })
            setReason('')
            onDone()
          })
        }}
      >
        <Input aria-label={t('acc.name')} placeholder={t('acc.name')} value={name} onChange={(e) => setName(e.target.value)} />
        <Select
          aria-label={t('cred.what')}
          value={what}
          onChange={setWhat}
          options={whats.map((w) => ({ value: w, label: t(`cred.${w}`) }))}
        />
        {what === 'subject' && (
          <Input aria-label={t('cred.person')} placeholder={t('cred.person')} value={subject} onChange={(e) => setSubject(e.target.value)} />
        )}
        <Input aria-label={t('cred.reason')} placeholder={t('cred.reason')} value={reason} onChange={(e) => setReason(e.target.value)} />
        <Button type="primary" htmlType="submit" disabled={busy || !name.trim() || !reason.trim()}>
          {t('cred.ask')}
        </Button>
      </form>
      <FormError text={error} />
    </section>
  )
}

function Row({
  r,
  again,
  onMade,
}: {
  r: CredentialRequest
  again: () => void
  onMade: (m: { name: string; password: string }) => void
}) {
  const { t } = useLang()
  const [note, setNote] = useState('')
  const { busy, error, run } = useDoing()
  const decide = (agree: boolean) =>
    run(async () => {
      await post(`/api/credentials/${r.id}/decide`, { agree, note: note.trim() })
      again()
    })
  const carryOut = () =>
    run(async () => {
      const path = { password: 'reset', factors: 'factors', subject: 'subject' }[r.what]
      const a = await post<{ name: string; password: string } | null>(
        `/api/accounts/${encodeURIComponent(r.account)}/${path}`,
        r.what === 'subject' ? { subject: r.subject ?? '' } : {},
      )
      if (a?.password) onMade(a)
      again()
    })
  return (
    <li>
      <div>
        <span className="mono">
          <strong>{r.account}</strong>
        </span>{' '}
        {t(`cred.${r.what}`)} {r.subject && <span className="mono">{r.subject}</span>}{' '}
        <span className="tag" data-state={r.state === 'agreed' || r.state === 'used' ? 'met' : 'not_met'}>
          {t(`cred.state.${r.state}`)}
        </span>
        <p className="muted">
          {r.by} {instant(r.at)}
          {t('common.colon')}
          {r.reason}
          {' · '}
          {r.decider
            ? `${r.decider} ${instant(r.decided)}${r.note ? t('common.colon') + r.note : ''}`
            : t(r.needs === 'audit' ? 'cred.byAudit' : 'cred.bySecurity')}
        </p>
      </div>
      <div className="row-tools">
        {r.may_decide && (
          <>
            <Input size="small" aria-label={t('cred.why')} placeholder={t('cred.why')} value={note} onChange={(e) => setNote(e.target.value)} />
            <Popconfirm title={t('cred.sure')} onConfirm={() => void decide(true)}>
              <Button size="small" type="primary" disabled={busy}>
                {t('cred.agree')}
              </Button>
            </Popconfirm>
            <Button size="small" danger disabled={busy || !note.trim()} onClick={() => void decide(false)}>
              {t('cred.refuse')}
            </Button>
          </>
        )}
        {r.mine && r.state === 'agreed' && (
          <Popconfirm title={t('acc.sure')} onConfirm={() => void carryOut()}>
            <Button size="small" type="primary" disabled={busy}>
              {t('cred.do')}
            </Button>
          </Popconfirm>
        )}
        {r.mine && (r.state === 'open' || r.state === 'agreed') && (
          <Button
            size="small"
            disabled={busy}
            onClick={() =>
              void run(async () => {
                await post(`/api/credentials/${r.id}/withdraw`, {})
                again()
              })
            }
          >
            {t('cred.withdraw')}
          </Button>
        )}
        <FormError text={error} />
      </div>
    </li>
  )
}
