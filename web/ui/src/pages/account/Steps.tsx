import { useState } from 'react'
import { post } from '../../api/client'
import type { Pending } from '../../api/account'
import { useLang } from '../../i18n'
import { useSession } from '../../session'
import { Enrol } from './Enrol'
import { FormError, useDoing } from './parts'
import { ShowPasskey, TakePasskey } from './Passkey'
import { PasswordForm } from './Password'

/** What is due between the password and the first page. */
export function Steps({ pending }: { pending: Pending }) {
  const { t, tx } = useLang()
  const { reload, signOut } = useSession()
  const next = () => void reload()
  return (
    <div className="sign-form" data-step={pending.step}>
      <h2>{t(`step.${pending.step}`)}</h2>
      <p className="muted">
        {tx(pending.display)} · {pending.name}
      </p>
      {pending.step === 'factor' && pending.passkey && <ShowPasskey onDone={next} />}
      {pending.step === 'factor' && <Factor onDone={next} />}
      {pending.step === 'password' && (
        <>
          <p>{t('step.passwordHint')}</p>
          <PasswordForm name={pending.name} onDone={next} />
        </>
      )}
      {pending.step === 'enrol' && (
        <>
          <p>{t('step.enrolHint')}</p>
          <Enrol onDone={next} />
          {pending.passkey && <TakePasskey onDone={next} />}
        </>
      )}
      {pending.step === 'grant' && <Pick pending={pending} onDone={next} />}
      <button type="button" className="plain-button" onClick={() => void signOut()}>
        {t('nav.signOut')}
      </button>
    </div>
  )
}

function Factor({ onDone }: { onDone: () => void }) {
  const { t } = useLang()
  const [code, setCode] = useState('')
  const { busy, error, run } = useDoing()
  return (
    <form
      className="stack-form"
      noValidate
      onSubmit={(e) => {
        e.preventDefault()
        void run(async () => {
          await post('/api/session/factor', { code })
          onDone()
        })
      }}
    >
      <p>{t('step.factorHint')}</p>
      <label>
        {t('step.code')}
        <input name="code" autoFocus inputMode="numeric" autoComplete="one-time-code" value={code} onChange={(e) => setCode(e.target.value)} />
      </label>
      <FormError text={error} />
      <button type="submit" className="main-button" disabled={busy || !code}>
        {t('step.next')}
      </button>
    </form>
  )
}

function Pick({ pending, onDone }: { pending: Pending; onDone: () => void }) {
  const { t, tx } = useLang()
  const { busy, error, run } = useDoing()
  return (
    <>
      <ul className="picks">
        {(pending.grants ?? []).map((g) => (
          <li key={g.id}>
            <button
              type="button"
              disabled={busy}
              onClick={() =>
                void run(async () => {
                  await post('/api/session/grant', { grant: g.id })
                  onDone()
                })
              }
            >
              <strong>{tx(g.role_title) || g.role}</strong>
              <span>{tx(g.org_title) || g.org}</span>
              {g.owner && <span className="muted">{t('step.actingFor', { who: g.owner })}</span>}
            </button>
          </li>
        ))}
      </ul>
      <FormError text={error} />
    </>
  )
}
