import { useState } from 'react'
import { Button, Input, Popconfirm, Select } from 'antd'
import { post } from '../../api/client'
import type { CredentialRequest } from '../../api/account'
import { PageHead } from '../../components/parts'
import { useLang, useTitle } from '../../i18n'
import { instant } from '../../lib/format'
import { useQuery } from '../../lib/link'
import { AccountInput, Lines, useFresh } from './list'
import { FormError, Once, useDoing } from './parts'

const whats = ['password', 'factors', 'subject'] as const

const marks = { open: 'no_target', agreed: 'met', used: 'met', refused: 'not_met', withdrawn: 'no_data', lapsed: 'no_data' } as const

/** Where an administrator's credentials are asked for, agreed to and given anew. */
export default function Credentials() {
  const { t } = useLang()
  const { values } = useQuery()
  const requests = useFresh<{ rows: CredentialRequest[]; may_ask: boolean }>('/api/credentials')
  const [made, setMade] = useState<{ name: string; password: string } | null>(null)
  useTitle(t('cred.title'), t('app.name'))
  return (
    <div className="page admin">
      <PageHead title={t('cred.title')} lead={t('cred.lead')} />
      {requests.data?.may_ask && <Ask account={values.account ?? ''} onDone={requests.again} />}
      {made && (
        <Once lead={t('acc.first')}>
          {made.name}  {made.password}
        </Once>
      )}
      <Lines of={requests} rows={(d) => d.rows} none={t('cred.none')} line={(r) => <Row key={r.id} r={r} again={requests.again} onMade={setMade} />} />
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
        <AccountInput value={name} onChange={setName} />
        <Select
          aria-label={t('cred.what')}
          value={what}
          onChange={setWhat}
          options={whats.map((w) => ({ value: w, label: t(`cred.${w}`) }))}
        />
        {what === 'subject' && (
          <Input aria-label={t('cred.person')} placeholder={t('cred.person')} value={subject} onChange={(e) => setSubject(e.target.value)} />
        )}
        <Input className="wide-input" maxLength={500} aria-label={t('cred.reason')} placeholder={t('cred.reason')} value={reason} onChange={(e) => setReason(e.target.value)} />
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
        <span className="tag" data-state={marks[r.state]}>
          {t(`cred.state.${r.state}`)}
        </span>
        <p className="muted">
          {r.by} {instant(r.at)}
          {t('common.colon')}
          {r.reason}
          {r.decider && ` · ${r.decider} ${instant(r.decided)}${r.note ? t('common.colon') + r.note : ''}`}
          {r.state === 'open' && ` · ${t(r.needs === 'audit' ? 'cred.byAudit' : 'cred.bySecurity')}`}
          {r.until && ` · ${t('cred.until', { at: instant(r.until) })}`}
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
