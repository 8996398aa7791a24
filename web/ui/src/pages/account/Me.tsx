import { useState } from 'react'
import { Button, Checkbox, DatePicker, Input, InputNumber } from 'antd'
import { del, post } from '../../api/client'
import type { Me as MeData, TokenInfo } from '../../api/account'
import { forgetAnswers } from '../../api/use'
import { PageHead } from '../../components/parts'
import { Problem, Waiting } from '../../components/states'
import { useLang, useTitle } from '../../i18n'
import type { Key } from '../../i18n/dict'
import { instant } from '../../lib/format'
import { useSession } from '../../session'
import { Enrol } from './Enrol'
import { useFresh } from './list'
import { TakePasskey } from './Passkey'
import { FormError, Once, useDoing } from './parts'
import { PasswordForm } from './Password'

interface Part {
  me: MeData
  again: () => void
}

/** One's own account: roles, password, second factor, delegations, tokens, sessions. */
export default function Me() {
  const { t } = useLang()
  const { data, error, reload, again } = useFresh<MeData>('/api/me')
  useTitle(t('me.title'), t('app.name'))
  if (error) return <Problem error={error} retry={reload} />
  if (!data) return <Waiting rows={8} />
  return (
    <div className="page me">
      <PageHead title={t('me.title')} lead={t('me.lead', { n: data.policy.idle_minutes })} />
      <div className="me-parts">
        <Roles me={data} again={again} />
        <Factors me={data} again={again} />
        <Password me={data} again={again} />
        <Delegations me={data} again={again} />
        <Tokens me={data} again={again} />
        <Sessions me={data} again={again} />
      </div>
    </div>
  )
}

function Roles({ me }: Part) {
  const { t, tx } = useLang()
  const { session, reload } = useSession()
  const { busy, error, run } = useDoing()
  return (
    <section aria-labelledby="me-as">
      <h2 id="me-as">{t('me.as')}</h2>
      <ul className="rows">
        {me.grants.map((g) => (
          <li key={g.id}>
            <span>
              <strong>{tx(g.role_title) || g.role}</strong> {tx(g.org_title) || g.org}
              {g.owner && <span className="muted"> {t('step.actingFor', { who: g.owner })}</span>}
              {g.to && <span className="muted"> {t('me.until', { day: g.to })}</span>}
            </span>
            {g.id === session?.user?.grant ? (
              <span className="tag">{t('me.now')}</span>
            ) : (
              <Button
                size="small"
                disabled={busy}
                onClick={() =>
                  void run(async () => {
                    await post('/api/session/grant', { grant: g.id })
                    forgetAnswers()
                    await reload()
                  })
                }
              >
                {t('me.switch')}
              </Button>
            )}
          </li>
        ))}
      </ul>
      <FormError text={error} />
    </section>
  )
}

function Password({ me }: Part) {
  const { t } = useLang()
  const [done, setDone] = useState(false)
  const p = me.policy
  return (
    <section aria-labelledby="me-password">
      <h2 id="me-password">{t('me.password')}</h2>
      <p className="muted">{t('me.passwordRule', { n: p.password_length, k: p.password_classes, d: p.password_days })}</p>
      <PasswordForm name={me.name} onDone={() => setDone(true)} />
      {done && <p role="status">{t('me.changed')}</p>}
    </section>
  )
}

function Factors({ me, again }: Part) {
  const { t } = useLang()
  const [open, setOpen] = useState(false)
  const [drop, setDrop] = useState('')
  const [password, setPassword] = useState('')
  const { busy, error, run } = useDoing()
  const ready = me.factors.filter((f) => f.ready)
  return (
    <section aria-labelledby="me-factors">
      <h2 id="me-factors">{t('me.factors')}</h2>
      {!ready.length && <p className="muted">{t('me.factorsNone')}</p>}
      <ul className="rows">
        {ready.map((f) => (
          <li key={f.id}>
            <span>
              <strong>{f.label}</strong>{' '}
              <span className="muted">
                {t('me.used')} {f.used ? instant(f.used) : t('me.never')}
              </span>
            </span>
            <Button size="small" onClick={() => setDrop(f.id)}>
              {t('me.drop')}
            </Button>
          </li>
        ))}
      </ul>
      {me.passkeys && <TakePasskey onDone={again} />}
      {ready.length > 0 && <p className="muted">{t('me.codesLeft', { n: me.recovery_codes })}</p>}
      {drop && (
        <form
          className="inline-form"
          onSubmit={(e) => {
            e.preventDefault()
            void run(async () => {
              await post(`/api/me/factors/${drop}/drop`, { password })
              setDrop('')
              setPassword('')
              again()
            })
          }}
        >
          <Input.Password
            aria-label={t('me.dropNeeds')}
            placeholder={t('me.dropNeeds')}
            value={password}
            onChange={(e) => setPassword(e.target.value)}
          />
          <Button htmlType="submit" danger disabled={busy || !password}>
            {t('me.drop')}
          </Button>
        </form>
      )}
      <FormError text={error} />
      {open ? (
        <Enrol
          onDone={() => {
            setOpen(false)
            again()
          }}
        />
      ) : (
        <Button onClick={() => setOpen(true)}>{t('me.enrol')}</Button>
      )}
    </section>
  )
}

function Delegations({ me, again }: Part) {
  const { t, tx } = useLang()
  const [account, setAccount] = useState('')
  const [to, setTo] = useState('')
  const [reason, setReason] = useState('')
  const { busy, error, run } = useDoing()
  return (
    <section aria-labelledby="me-delegations">
      <h2 id="me-delegations">{t('me.delegations')}</h2>
      <p className="muted">{t('me.delegationsLead', { n: me.policy.delegation_days })}</p>
      <ul className="rows">
        {me.delegations.map((g) => (
          <li key={g.id}>
            <span>
              <strong>{tx(g.display)}</strong> {tx(g.role_title)} {tx(g.org_title)}{' '}
              <span className="muted">{t('me.until', { day: g.to })}</span>
            </span>
            {g.ended || !g.holds ? (
              <span className="muted">{t('me.ended')}</span>
            ) : (
              <Button
                size="small"
                disabled={busy}
                onClick={() =>
                  void run(async () => {
                    await del(`/api/me/delegations/${g.id}`)
                    again()
                  })
                }
              >
                {t('me.takeBack')}
              </Button>
            )}
          </li>
        ))}
      </ul>
      <form
        className="inline-form"
        onSubmit={(e) => {
          e.preventDefault()
          void run(async () => {
            await post('/api/me/delegations', { account: account.trim(), to, reason })
            setAccount('')
            setReason('')
            again()
          })
        }}
      >
        <Input aria-label={t('me.to')} placeholder={t('me.to')} value={account} onChange={(e) => setAccount(e.target.value)} />
        <DatePicker aria-label={t('me.day')} placeholder={t('me.day')} onChange={(_, s) => setTo(String(s ?? ''))} />
        <Input aria-label={t('me.reason')} placeholder={t('me.reason')} value={reason} onChange={(e) => setReason(e.target.value)} />
        <Button htmlType="submit" disabled={busy || !account || !to}>
          {t('me.delegate')}
        </Button>
      </form>
      <FormError text={error} />
    </section>
  )
}

function Tokens({ me, again }: Part) {
  const { t } = useLang()
  const { session } = useSession()
  const [label, setLabel] = useState('')
  const [rights, setRights] = useState<string[]>([])
  const [days, setDays] = useState(30)
  const [made, setMade] = useState('')
  const { busy, error, run } = useDoing()
  const can = session?.user?.can ?? []
  return (
    <section aria-labelledby="me-tokens">
      <h2 id="me-tokens">{t('me.tokens')}</h2>
      <p className="muted">{t('me.tokensLead')}</p>
      {made && <Once lead={t('me.once')}>{made}</Once>}
      <ul className="rows">
        {me.tokens.map((k) => (
          <li key={k.id}>
            <span>
              <strong>{k.label}</strong> <span className="muted">{k.rights.map((r) => t(`right.${r}` as Key)).join(t('common.comma'))}</span>{' '}
              <span className="muted">
                {t('me.expires')} {instant(k.expires)} · {t('me.used')} {k.used ? instant(k.used) : t('me.never')}
              </span>
            </span>
            {k.revoked ? (
              <span className="muted">{t('me.revoked')}</span>
            ) : (
              <Button
                size="small"
                disabled={busy}
                onClick={() =>
                  void run(async () => {
                    await del(`/api/me/tokens/${k.id}`)
                    again()
                  })
                }
              >
                {t('me.revoke')}
              </Button>
            )}
          </li>
        ))}
      </ul>
      <form
        onSubmit={(e) => {
          e.preventDefault()
          void run(async () => {
            const a = await post<{ token: string; info: TokenInfo }>('/api/me/tokens', { label, org: '', rights, days })
            setMade(a.token)
            setLabel('')
            again()
          })
        }}
      >
        <Checkbox.Group
          className="rights"
          aria-label={t('me.rights')}
          options={can.map((c) => ({ value: c, label: t(`right.${c}` as Key) }))}
          value={rights}
          onChange={(v) => setRights(v.map(String))}
        />
        <div className="inline-form">
          <Input aria-label={t('me.label')} placeholder={t('me.label')} value={label} onChange={(e) => setLabel(e.target.value)} />
          <InputNumber
            aria-label={t('me.days')}
            min={1}
            max={me.policy.token_days}
            value={days}
            onChange={(v) => setDays(Number(v ?? 30))}
            suffix={t('me.days')}
          />
          <Button htmlType="submit" disabled={busy || !label || !rights.length}>
            {t('me.make')}
          </Button>
        </div>
      </form>
      <FormError text={error} />
    </section>
  )
}

function Sessions({ me, again }: Part) {
  const { t } = useLang()
  const { busy, error, run } = useDoing()
  return (
    <section aria-labelledby="me-sessions">
      <h2 id="me-sessions">{t('me.sessions')}</h2>
      <ul className="rows">
        {me.sessions.map((s) => (
          <li key={s.id}>
            <span>
              <span className="mono">{s.address}</span> {instant(s.seen)}{' '}
              <span className="muted agent">{s.agent}</span>
            </span>
            {s.this ? (
              <span className="tag">{t('me.this')}</span>
            ) : (
              <Button
                size="small"
                disabled={busy}
                onClick={() =>
                  void run(async () => {
                    await del(`/api/sessions/${s.id}`)
                    again()
                  })
                }
              >
                {t('me.end')}
              </Button>
            )}
          </li>
        ))}
      </ul>
      <FormError text={error} />
    </section>
  )
}
