import { useState } from 'react'
import { Link } from 'react-router'
import { Button, Input, Popconfirm } from 'antd'
import { post } from '../../api/client'
import type { Account } from '../../api/account'
import { PageHead } from '../../components/parts'
import { useLang, useTitle } from '../../i18n'
import { instant } from '../../lib/format'
import { ImportAccounts } from './Import'
import { Found, useFound } from './list'
import { FormError, Once, useDoing } from './parts'

/** The system administrator's page: who has an account, and in what state. */
export default function Accounts() {
  const { t } = useLang()
  const list = useFound<Account>('/api/accounts')
  const [made, setMade] = useState<{ name: string; password: string } | null>(null)
  const doing = useDoing()
  useTitle(t('acc.title'), t('app.name'))
  const act = (name: string, what: string) =>
    doing.run(async () => {
      const a = await post<{ name: string; password: string } | null>(`/api/accounts/${encodeURIComponent(name)}/${what}`)
      if (a?.password) setMade(a)
      list.again()
    })
  return (
    <div className="page admin">
      <PageHead title={t('acc.title')} lead={t('acc.note')} />
      <NewAccount
        onDone={(a) => {
          setMade(a)
          list.again()
        }}
      />
      <ImportAccounts onDone={list.again} />
      {made && (
        <Once lead={t('acc.first')}>
          {made.name}  {made.password}
        </Once>
      )}
      <FormError text={doing.error} />
      <Found list={list} line={(a) => <AccountLine key={a.name} a={a} act={(what) => void act(a.name, what)} />} />
    </div>
  )
}

function AccountLine({ a, act }: { a: Account; act: (what: string) => void }) {
  const { t, tx } = useLang()
  return (
    <li>
      <div>
        <strong>{tx(a.display)}</strong> <span className="mono">{a.name}</span>{' '}
        <span className="tag" data-state={a.disabled || a.unused ? 'not_met' : 'met'}>
          {a.disabled ? t('acc.closed') : a.unused ? t('acc.unused') : t('acc.open')}
        </span>
        {a.factors > 0 && <span className="muted"> {t('acc.factor')}</span>}
        <p className="muted">
          {t('acc.lastIn')} {a.last_in ? instant(a.last_in) : t('me.never')}
          {' · '}
          {a.grants
            .filter((g) => g.holds)
            .map((g) => `${tx(g.role_title)} ${tx(g.org_title) || g.org}`)
            .join(t('common.comma')) || t('acc.noGrants')}
        </p>
      </div>
      <div className="row-tools">
        {a.guarded ? (
          <Link to={`/admin/credentials?account=${encodeURIComponent(a.name)}`}>{t('acc.twoAgree')}</Link>
        ) : (
          <Popconfirm title={t('acc.sure')} onConfirm={() => act('reset')}>
            <Button size="small">{t('acc.reset')}</Button>
          </Popconfirm>
        )}
        {a.factors > 0 && !a.guarded && (
          <Popconfirm title={t('acc.sure')} onConfirm={() => act('factors')}>
            <Button size="small">{t('acc.lostPhone')}</Button>
          </Popconfirm>
        )}
        {a.disabled || a.unused ? (
          <Button size="small" onClick={() => act('enable')}>
            {t('acc.enable')}
          </Button>
        ) : (
          <Popconfirm title={t('acc.sure')} onConfirm={() => act('disable')}>
            <Button size="small" danger>
              {t('acc.disable')}
            </Button>
          </Popconfirm>
        )}
      </div>
    </li>
  )
}

function NewAccount({ onDone }: { onDone: (a: { name: string; password: string }) => void }) {
  const { t } = useLang()
  const [name, setName] = useState('')
  const [shown, setShown] = useState('')
  const { busy, error, run } = useDoing()
  return (
    <section aria-labelledby="acc-add">
      <h2 id="acc-add">{t('acc.add')}</h2>
      <form
        className="inline-form"
        onSubmit={(e) => {
          e.preventDefault()
          void run(async () => {
            onDone(await post<{ name: string; password: string }>('/api/accounts', { name: name.trim(), zh: shown.trim(), en: '' }))
            setName('')
            setShown('')
          })
        }}
      >
        <Input aria-label={t('acc.name')} placeholder={t('acc.name')} value={name} onChange={(e) => setName(e.target.value)} />
        <Input aria-label={t('acc.shown')} placeholder={t('acc.shown')} value={shown} onChange={(e) => setShown(e.target.value)} />
        <Button type="primary" htmlType="submit" disabled={busy || !name.trim()}>
          {t('acc.add')}
        </Button>
      </form>
      <FormError text={error} />
    </section>
  )
}
