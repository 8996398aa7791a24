import { useState } from 'react'
import { Button, DatePicker, Input, Select } from 'antd'
import { post } from '../../api/client'
import type { Grant, RoleInfo } from '../../api/account'
import { useApi } from '../../api/use'
import { PageHead } from '../../components/parts'
import { useLang, useTitle } from '../../i18n'
import { AccountInput, Found, useFound } from './list'
import { FormError, useDoing } from './parts'

/** The security administrator's page: who is what, where, until when. */
export default function Grants() {
  const { t } = useLang()
  const list = useFound<Grant>('/api/grants')
  useTitle(t('gr.title'), t('app.name'))
  return (
    <div className="page admin">
      <PageHead title={t('gr.title')} lead={t('gr.note')} />
      <Give onDone={list.again} />
      <Found list={list} line={(g) => <GrantRow key={g.id} grant={g} again={list.again} />} />
    </div>
  )
}

/** One grant as a line of words. */
export function GrantWords({ grant: g }: { grant: Grant }) {
  const { t, tx } = useLang()
  return (
    <div>
      <strong>{tx(g.display)}</strong> <span className="mono">{g.account}</span> · {tx(g.role_title) || g.role} ·{' '}
      {tx(g.org_title) || g.org} <span className="mono muted">{g.org}</span>{' '}
      <span className="tag" data-state={g.holds ? 'met' : 'not_met'}>
        {g.ended ? t('me.ended') : g.holds ? t('gr.holds') : t('gr.lapsed')}
      </span>
      <p className="muted">
        {g.owner ? t('gr.delegated', { who: g.owner }) : `${t('gr.by')} ${g.given_by || '—'}`}
        {g.reason && ` · ${g.reason}`}
        {g.to && ` · ${t('me.until', { day: g.to })}`}
        {g.ended && ` · ${g.ended_by}${t('common.colon')}${g.end_reason}`}
      </p>
    </div>
  )
}

function GrantRow({ grant, again }: { grant: Grant; again: () => void }) {
  const { t } = useLang()
  const [asking, setAsking] = useState(false)
  const [why, setWhy] = useState('')
  const { busy, error, run } = useDoing()
  return (
    <li>
      <GrantWords grant={grant} />
      {!grant.ended && (
        <div className="row-tools">
          {asking ? (
            <form
              className="inline-form"
              onSubmit={(e) => {
                e.preventDefault()
                void run(async () => {
                  await post(`/api/grants/${grant.id}/end`, { reason: why })
                  again()
                })
              }}
            >
              <Input size="small" aria-label={t('gr.endWhy')} placeholder={t('gr.endWhy')} value={why} onChange={(e) => setWhy(e.target.value)} />
              <Button size="small" danger htmlType="submit" disabled={busy || !why.trim()}>
                {t('gr.end')}
              </Button>
            </form>
          ) : (
            <Button size="small" onClick={() => setAsking(true)}>
              {t('gr.end')}
            </Button>
          )}
          <FormError text={error} />
        </div>
      )}
    </li>
  )
}

function Give({ onDone }: { onDone: () => void }) {
  const { t, tx } = useLang()
  const roles = useApi<RoleInfo[]>('/api/roles')
  const [account, setAccount] = useState('')
  const [role, setRole] = useState<string>()
  const [org, setOrg] = useState('')
  const [to, setTo] = useState('')
  const [reason, setReason] = useState('')
  const { busy, error, run } = useDoing()
  return (
    <section aria-labelledby="gr-give">
      <h2 id="gr-give">{t('gr.give')}</h2>
      <form
        className="inline-form"
        onSubmit={(e) => {
          e.preventDefault()
          void run(async () => {
            await post('/api/grants', { account: account.trim(), role, org: org.trim(), from: '', to, reason })
            setAccount('')
            setReason('')
            onDone()
          })
        }}
      >
        <AccountInput value={account} onChange={setAccount} />
        <Select
          aria-label={t('gr.role')}
          placeholder={t('gr.role')}
          value={role ?? null}
          onChange={(v) => setRole(v ?? undefined)}
          options={(roles.data ?? []).map((r) => ({ value: r.id, label: tx(r.title) }))}
          popupMatchSelectWidth={false}
        />
        <Input aria-label={t('gr.org')} placeholder={t('gr.orgHint')} value={org} onChange={(e) => setOrg(e.target.value)} />
        <DatePicker aria-label={t('gr.to')} placeholder={t('gr.to')} onChange={(_, s) => setTo(String(s ?? ''))} />
        <Input aria-label={t('me.reason')} placeholder={t('me.reason')} value={reason} onChange={(e) => setReason(e.target.value)} />
        <Button type="primary" htmlType="submit" disabled={busy || !account || !role || !org}>
          {t('gr.give')}
        </Button>
      </form>
      <FormError text={error} />
    </section>
  )
}
