import { useState } from 'react'
import { AutoComplete, Button, DatePicker, Input, Select } from 'antd'
import { post } from '../../api/client'
import type { Grant, RoleInfo } from '../../api/account'
import { forgetAnswers, useApi } from '../../api/use'
import { PageHead, Pager } from '../../components/parts'
import { Nothing, Problem, Waiting } from '../../components/states'
import { useLang, useTitle } from '../../i18n'
import { useQuery } from '../../lib/link'
import { FormError, useDoing } from './parts'

const limit = 50

/** The security administrator's page: who is what, where, until when. */
export default function Grants() {
  const { t } = useLang()
  const { values, set } = useQuery()
  const offset = Number(values.offset ?? 0)
  const q = values.q ?? ''
  const { data, error, reload } = useApi<{ total: number; rows: Grant[] }>(
    `/api/grants?q=${encodeURIComponent(q)}&offset=${offset}&limit=${limit}`,
    true,
  )
  useTitle(t('gr.title'), t('app.name'))
  const again = () => {
    forgetAnswers()
    reload()
  }
  return (
    <div className="page admin">
      <PageHead title={t('gr.title')} lead={t('gr.note')} />
      <Give onDone={again} />
      <Input.Search
        className="finder"
        allowClear
        defaultValue={q}
        placeholder={t('acc.find')}
        aria-label={t('acc.find')}
        onSearch={(v) => set({ q: v, offset: null })}
      />
      {error ? (
        <Problem error={error} retry={reload} />
      ) : !data ? (
        <Waiting />
      ) : !data.rows.length ? (
        <Nothing />
      ) : (
        <>
          <ul className="rows people">
            {data.rows.map((g) => (
              <GrantRow key={g.id} grant={g} again={again} />
            ))}
          </ul>
          <Pager total={data.total} offset={offset} limit={limit} onGo={(o) => set({ offset: o || null })} />
        </>
      )}
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
  const names = useApi<{ rows: { name: string; display: { zh: string; en: string } }[] }>(
    account ? `/api/accounts?q=${encodeURIComponent(account)}&limit=10` : null,
    true,
  )
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
        <AutoComplete
          aria-label={t('acc.name')}
          placeholder={t('acc.name')}
          value={account}
          onChange={setAccount}
          options={(names.data?.rows ?? []).map((a) => ({ value: a.name, label: `${a.name} ${tx(a.display)}` }))}
        />
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
